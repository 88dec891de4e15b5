/** One reader of server-sent events. */
import type { ServerResponse } from 'node:http';

export interface ServerEvent {
  readonly event: string;
  /** JSON. */
  readonly data: string;
}

export interface EventStream {
  /** Sends events; the last carries the place, so that who is cut off in between is told all of them again. */
  send(events: readonly ServerEvent[], position: string): void;
  /** Says that the connection lives, and how far its reader is. */
  beat(position: string): void;
  end(): void;
  /** Called once, however it ends. */
  onEnd(done: () => void): void;
}

/** A reader that takes nothing for so long, or for whom so much waits, is cut off: it asks again from where it was. */
const [maxBehindMs, maxWaitingBytes] = [10_000, 16 * 1024 * 1024];

export function openEventStream(raw: ServerResponse, headers: Readonly<Record<string, string>>): EventStream {
  let behindSince: number | null = null;
  raw.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Of proxies that would gather what is to come at once.
    'x-accel-buffering': 'no',
  });
  raw.flushHeaders();
  const write = (text: string) => {
    if (raw.destroyed || raw.writableEnded || text === '') return;
    behindSince = raw.writableLength === 0 ? null : (behindSince ?? Date.now());
    const behind = behindSince !== null && Date.now() - behindSince > maxBehindMs;
    if (behind || raw.writableLength > maxWaitingBytes) raw.destroy();
    else raw.write(text);
  };
  return {
    send: (events, position) =>
      write(
        events
          .map(({ event, data }, at) => {
            const place = at === events.length - 1 ? `id: ${position}\n` : '';
            return `${place}event: ${event}\ndata: ${data}\n\n`;
          })
          .join(''),
      ),
    // Without data no event is made of it; the reader keeps the id.
    beat: (position) => write(`: alive\nid: ${position}\n\n`),
    end: () => void raw.end(),
    onEnd: (done) => void raw.once('close', done),
  };
}
