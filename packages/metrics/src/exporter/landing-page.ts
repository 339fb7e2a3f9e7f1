import { createHash } from "node:crypto";

const STYLE = `
:root { color-scheme: light dark; --ink: #16181d; --soft: #5b6270; --page: #f6f7f9; --card: #fff; --line: #e2e5ea; --mark: #0b63ce; --code: #f0f2f5; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaee; --soft: #9aa2b1; --page: #101216; --card: #181b21; --line: #2a2f38; --mark: #6cb0ff; --code: #11141a; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; grid-template-columns: minmax(0, 40rem); place-content: center; padding: 2rem 1rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { margin: 0; font-size: 1.5rem; letter-spacing: -0.01em; }
h1::before { content: ""; display: inline-block; width: 0.6em; height: 0.6em; margin-right: 0.5em; border-radius: 50%; background: var(--mark); }
p { margin: 0.25rem 0 1.5rem; color: var(--soft); }
nav { border: 1px solid var(--line); border-radius: 12px; background: var(--card); overflow: hidden; }
nav a { display: flex; flex-wrap: wrap; gap: 0 1rem; justify-content: space-between; padding: 0.85rem 1.1rem; color: inherit; text-decoration: none; }
nav a + a { border-top: 1px solid var(--line); }
nav a:hover, nav a:focus-visible { background: var(--code); outline: none; box-shadow: inset 3px 0 var(--mark); }
nav code { color: var(--mark); font-weight: 600; }
nav span { color: var(--soft); font-size: 0.925rem; }
h2 { margin: 2rem 0 0.5rem; font-size: 0.95rem; font-weight: 600; }
pre { margin: 0; padding: 1rem 1.1rem; overflow-x: auto; border: 1px solid var(--line); border-radius: 12px; background: var(--code); }
code, pre { font: 0.9rem/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
`;

/** Headers of the page: it has one style and nothing else, and a browser is told to load nothing else. */
export const LANDING_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "referrer-policy": "no-referrer",
};

/**
 * The page at `/`: where things are, for someone who opened the port in a browser. `host` is the request's Host header; what does not look
 * like a host is not repeated.
 */
export function landingPage(path: string, host: string | undefined): string {
  const shownPath = escaped(path);
  const target = host !== undefined && /^[\w.:[\]-]{1,255}$/.test(host) ? host : "localhost:9090";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Metrics</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Metrics</h1>
<p>This service is measured with Inferometer.</p>
<nav>
<a href="${shownPath}"><code>${shownPath}</code><span>for Prometheus: text, OpenMetrics or protobuf</span></a>
<a href="${shownPath}.json"><code>${shownPath}.json</code><span>the same as JSON</span></a>
<a href="/health"><code>/health</code><span>how its collectors are doing</span></a>
</nav>
<h2>Only some of it</h2>
<pre>curl -g '${target}${shownPath}?name[]=process_cpu_seconds_total'</pre>
<h2>Let Prometheus scrape it</h2>
<pre>scrape_configs:
  - job_name: my-service
    metrics_path: ${shownPath}
    static_configs:
      - targets: ["${target}"]</pre>
</main>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
