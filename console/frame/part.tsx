import type { UseQueryResult } from '@tanstack/react-query';
import { Component, type ReactNode, useId } from 'react';
import { formatTime } from '../time.ts';
import { ProblemBox } from './problem.tsx';

interface PartSpec<T> {
  readonly title: string;
  readonly query: Pick<UseQueryResult, 'error' | 'dataUpdatedAt'> & {
    readonly data: T | undefined;
    readonly refetch: () => unknown;
  };
  readonly children: (data: T) => ReactNode;
}

/** A part of a page: what it shows with the time of it, or what went wrong with it. Other parts go on either way. */
export function PagePart<T>({ title, query, children }: PartSpec<T>) {
  const id = useId();
  const { data, error, dataUpdatedAt, refetch } = query;
  return (
    <section className="part" aria-labelledby={id} aria-busy={data === undefined && error === null}>
      <div className="part-head">
        <h2 id={id}>{title}</h2>
        <AsOf at={dataUpdatedAt} />
      </div>
      {error !== null && <ProblemBox error={error} onRetry={() => refetch()} />}
      {data === undefined ? error === null && <p className="quiet">Loading …</p> : <Guarded>{children(data)}</Guarded>}
    </section>
  );
}

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
