/** Server-sent events as they come over the wire. */

export interface SentEvent {
  readonly event: string;
  /** Where its reader is then. */
  readonly id: string;
  readonly data: string;
}

/** Reads events until the stream ends; what has no data is no event, and only moves the place. */
export async function* readSentEvents(
  body: AsyncIterable<Uint8Array>,
  place: { id: string },
): AsyncGenerator<SentEvent, void> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = new Map(text.slice(0, end).split('\n').map(apart));
      text = text.slice(end + 2);
      place.id = fields.get('id') ?? place.id;
      const data = fields.get('data');
      if (data !== undefined) yield { event: fields.get('event') ?? 'message', id: place.id, data };
    }
  }
}

function apart(line: string): [string, string] {
  const colon = line.indexOf(':');
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
}
