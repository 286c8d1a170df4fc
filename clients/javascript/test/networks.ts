/** Networks that do not let everything through. */

const isStream = (url: Parameters<typeof fetch>[0]) => String(url).includes("/updates");

/** One on which nothing is streamed. */
export const withoutStreams: typeof fetch = async (url, init) =>
  isStream(url) ? new Response("no such page", { status: 404 }) : fetch(url, init);

/** One that cuts the first `times` streams, wherever they are, after some bytes: 1 to 4 kB. */
export function withCuts(times: number): { fetch: typeof fetch; cuts: number } {
  const network = {
    cuts: 0,
    fetch: (async (url, init) => {
      const answer = await fetch(url, init);
      if (!isStream(url) || !answer.body || network.cuts >= times) return answer;
      const reader = answer.body.getReader();
      let room = 1000 + Math.random() * 3000;
      const body = new ReadableStream({
        async pull(controller) {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          controller.enqueue(value.slice(0, room));
          room -= value.length;
          if (room > 0) return;
          network.cuts++;
          void reader.cancel();
          controller.error(new TypeError("cut"));
        },
        cancel: () => reader.cancel(),
      });
      return new Response(body, answer);
    }) as typeof fetch,
  };
  return network;
}

/** WebSockets of which the first `times` are cut after some messages. */
export function cutting(Base: typeof import("ws").WebSocket, times: number): { cuts: number; WebSocket: unknown } {
  const network = {
    cuts: 0,
    WebSocket: class extends Base {
      constructor(url: string, protocol: string) {
        super(url, protocol);
        let room = 3 + Math.random() * 12;
        this.on("message", () => {
          if (room-- > 0 || network.cuts >= times) return;
          room = Infinity;
          network.cuts++;
          this.terminate();
        });
      }
    },
  };
  return network;
}
