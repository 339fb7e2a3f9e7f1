import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { acceptsGzip, bestOffer, type Offer } from "./accept.ts";

const text: Offer = { type: "text/plain", parameters: { version: "0.0.4" } };
const om1: Offer = { type: "application/openmetrics-text", parameters: { version: "1.0.0" } };
const om0: Offer = { type: "application/openmetrics-text", parameters: { version: "0.0.1" } };
const proto: Offer = { type: "application/vnd.google.protobuf", parameters: { proto: "io.prometheus.client.MetricFamily", encoding: "delimited" } };
const OFFERS: [Offer, ...Offer[]] = [text, om1, om0, proto];

const PROMETHEUS_2 =
  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

describe("bestOffer", () => {
  const cases: [what: string, accept: string | undefined, wanted: Offer][] = [
    ["no header", undefined, text],
    ["an empty header", "", text],
    ["anything", "*/*", text],
    ["Prometheus 2.42", PROMETHEUS_2, om1],
    [
      "Prometheus 2.42 with native histograms",
      `${PROTOBUF},application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
      proto,
    ],
    ["vmagent", "text/plain;version=0.0.4;q=1,*/*;q=0.1", text],
    [
      "Prometheus 3",
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
      om1,
    ],
    ["a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", text],
    ["OpenMetrics without a version", "application/openmetrics-text", om1],
    ["OpenMetrics 0.0.1 only", "application/openmetrics-text;version=0.0.1", om0],
    ["OpenMetrics of an unknown version", "application/openmetrics-text;version=2.0.0", text],
    ["another protobuf message", "application/vnd.google.protobuf;proto=other.Message;encoding=delimited", text],
    ["protobuf as text", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", text],
    ["any application type", "application/*", om1],
    ["the higher q", "application/openmetrics-text;q=0.2, text/plain;q=0.3", text],
    ["equal q: the order of the header", `${PROTOBUF}, application/openmetrics-text; version=1.0.0`, proto],
    ["the more specific range for each type", "text/*;q=0.9, text/plain;q=0.1, application/openmetrics-text;q=0.5", om1],
    ["a type forbidden by q=0", "text/plain;q=0, */*", om1],
    ["everything forbidden: still something readable", "*/*;q=0", text],
    ["nothing we have", "image/png", text],
    ["letter case and white space", '  Application/OpenMetrics-Text ; Version="1.0.0" ; Q=1 , text/plain;q=0.1', om1],
    ["a comma inside quotes", 'text/plain;x="a, application/openmetrics-text"', text],
    ["a quality that is none", "application/openmetrics-text;q=high, text/plain;q=0.5", text],
  ];
  for (const [what, accept, wanted] of cases) {
    it(`answers ${what}`, () => assert.deepEqual(bestOffer(OFFERS, accept), wanted));
  }

  it("takes any text for a header and always offers something", () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (accept) => OFFERS.includes(bestOffer(OFFERS, accept))));
  });

  it("reads a header as long as may come in a few milliseconds", () => {
    for (const hostile of [",".repeat(8192), '"'.repeat(8191), ";q=".repeat(2700), "a/b,".repeat(2000), `"${"\\".repeat(8190)}`]) {
      // The best of five: a busy machine may stop us in any one of them.
      const took = Array.from({ length: 5 }, () => {
        const start = performance.now();
        bestOffer(OFFERS, hostile);
        return performance.now() - start;
      });
      assert.ok(Math.min(...took) < 100, `${hostile.slice(0, 10)} took ${Math.min(...took)} ms`);
    }
  });
});

describe("acceptsGzip", () => {
  const cases: [accept: string | undefined, wanted: boolean][] = [
    [undefined, false],
    ["", false],
    ["gzip", true],
    ["GZIP;q=0.5", true],
    ["x-gzip", true],
    ["*", true],
    ["gzip;q=0", false],
    ["*;q=0", false],
    ["*, gzip;q=0", false],
    ["identity", false],
    ["identity;q=0.5, gzip;q=0.4", false],
    ["identity;q=0.5, gzip;q=0.6", true],
    ["deflate, br, gzip", true],
    ["br", false],
  ];
  for (const [header, wanted] of cases) {
    it(`says ${wanted} to ${JSON.stringify(header)}`, () => assert.equal(acceptsGzip(header), wanted));
  }
});
