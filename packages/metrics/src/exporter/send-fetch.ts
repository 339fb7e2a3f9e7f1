import type { Answer, Asked, Outcome } from "./answer.ts";

/** A fetch-style request as the exporter sees it. */
export function askedOfFetch(request: Request): Asked {
  return { method: request.method, target: request.url, header: (name) => request.headers.get(name) ?? undefined };
}

/** An answer as a fetch-style Response, whose body is read at the client's pace; a client that takes longer than `timeoutMs` gets an error. */
export function responseOf(answer: Answer, timeoutMs: number): Response {
  const { status, headers, pieces } = answer;
  if (pieces === undefined) {
    answer.ended?.("sent");
    return new Response(null, { status, headers });
  }
  let isOpen = true;
  const end = (outcome: Outcome): void => {
    if (!isOpen) return;
    isOpen = false;
    clearTimeout(timer);
    answer.ended?.(outcome);
  };
  let timer: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        timer = setTimeout(() => {
          end("slow");
          controller.error(new Error("The answer was not read in time."));
        }, timeoutMs).unref();
      },
      pull(controller) {
        try {
          const step = pieces.next();
          if (step.done !== true) {
            controller.enqueue(step.value);
            return;
          }
          controller.close();
          end("sent");
        } catch (error) {
          end("slow");
          controller.error(error);
        }
      },
      cancel() {
        end("gone");
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { status, headers });
}
