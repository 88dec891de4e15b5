/** Atlassian's document format, in which Jira keeps descriptions and comments: text to it, and text of it. Pure. */

export type AdfDocument = {
  readonly type: 'doc';
  readonly version: 1;
  readonly content: Record<string, unknown>[];
};

/** A block of code: nothing in it is a mention, a link or mark-up. */
export function writeAdf(text: string): AdfDocument {
  return { type: 'doc', version: 1, content: [{ type: 'codeBlock', content: [{ type: 'text', text: text || ' ' }] }] };
}

const blocks = new Set(['paragraph', 'codeBlock', 'heading', 'listItem', 'blockquote', 'tableCell']);
/** Nodes looked at in one document; what is deeper or more is nobody's answer. */
const maxNodes = 5000;
const deepest = 30;

export function readAdf(document: unknown): string {
  let nodes = 0;
  const textOf = (node: unknown, depth: number): string => {
    nodes += 1;
    if (typeof node !== 'object' || node === null || nodes > maxNodes || depth > deepest) return '';
    const { type, text, content } = node as { type?: unknown; text?: unknown; content?: unknown };
    if (typeof text === 'string') return text;
    if (type === 'hardBreak') return '\n';
    const inside = Array.isArray(content) ? content.map((one) => textOf(one, depth + 1)).join('') : '';
    return blocks.has(String(type)) ? `${inside}\n` : inside;
  };
  return typeof document === 'string' ? document : textOf(document, 0).trim();
}
