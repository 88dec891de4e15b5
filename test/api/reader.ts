/** Reads server-sent events as a browser does: what has no data is no event, and the last id is kept. */
export interface Event {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

export async function openEvents(url: string, lastEventId?: string, token?: string) {
  const stop = new AbortController();
  const headers = {
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  const response = await fetch(url, { headers, signal: stop.signal });
  const events: Event[] = [];
  let lastId = '';
  let ended = false;
  const reading = (async () => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const fields = new Map(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => line.split(/: (.*)/s) as [string, string]),
        );
        text = text.slice(end + 2);
        lastId = fields.get('id') ?? lastId;
        const data = fields.get('data');
        if (data !== undefined) events.push({ event: fields.get('event') ?? '', id: lastId, data: JSON.parse(data) });
      }
    }
  })()
    .catch(() => {})
    .finally(() => {
      ended = true;
    });
  return {
    status: response.status,
    headers: response.headers,
    events,
    lastId: () => lastId,
    hasEnded: () => ended,
    close: async () => {
      stop.abort();
      await reading;
    },
  };
}
