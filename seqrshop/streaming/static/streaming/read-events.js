// Reads the events of a stream, for the customer's pages and the staff's.

/**
 * Yields the events of a response, with their data as text; a heartbeat is one without a kind.
 * @param {Response} response
 */
export async function* readEvents(response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (!response.ok || !response.body || !type.startsWith("text/event-stream")) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, kind = "", data = ""] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      yield { kind, data };
    }
  }
}
