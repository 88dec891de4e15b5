/** Views of the fleet that somebody keeps in this browser: a name, and what the address bar says. */
export interface KeptView {
  readonly name: string;
  /** Of the address, without its question mark. */
  readonly search: string;
}

const key = 'farrier.fleet.views';
const [maxViews, maxLetters] = [50, 60];

/** What was kept; nothing where it cannot be read. */
export function readKeptViews(text: string | null = localStorage.getItem(key)): readonly KeptView[] {
  try {
    const kept: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(kept) ? kept.filter(isView).slice(0, maxViews) : [];
  } catch {
    return [];
  }
}

function isView(one: unknown): one is KeptView {
  if (typeof one !== 'object' || one === null) return false;
  const { name, search } = one as Readonly<Record<string, unknown>>;
  return typeof name === 'string' && typeof search === 'string' && name !== '' && name.length <= maxLetters;
}

/** The views with one of that name put in, in the order of their names. */
export function withView(views: readonly KeptView[], view: KeptView): readonly KeptView[] {
  const others = views.filter(({ name }) => name !== view.name);
  return [...others, view].sort((one, other) => one.name.localeCompare(other.name, 'en')).slice(0, maxViews);
}

export function keepViews(views: readonly KeptView[]): void {
  localStorage.setItem(key, JSON.stringify(views));
}
