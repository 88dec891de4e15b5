/** An id of an order or a campaign, minted here, so that what is sent twice is one. */
export function mintOrderId(passage: string): string {
  return `${passage}-${crypto.randomUUID().slice(0, 13)}`;
}
