import { Component, type ReactNode } from 'react';
import { formatTime } from '../time.ts';
import { ProblemBox } from './problem.tsx';

/** When what is shown was read. */
export function AsOf({ at }: { readonly at: number }) {
  if (at === 0) return null;
  const [, clock] = formatTime(at).split(' ');
  return (
    <p className="as-of">
      as of <time dateTime={new Date(at).toISOString()}>{clock}</time>
    </p>
  );
}

/** What is thrown while something is drawn ends here, and the rest of the page stays. */
export class Guarded extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override state: { readonly error: unknown } = { error: null };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return <ProblemBox error={error} onRetry={() => this.setState({ error: null })} />;
  }
}
