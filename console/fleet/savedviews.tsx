import { type FormEvent, useId, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { consolePages } from '../../contract/pages.ts';
import { go, useAddress } from '../address.tsx';
import { keepViews, readKeptViews, withView } from './keptviews.ts';

/** Selectors, columns and orders of rows under names of one’s own, kept in this browser. */
export function SavedViews() {
  const address = useAddress();
  const [views, setViews] = useState(readKeptViews);
  const [isNaming, setIsNaming] = useState(false);
  const search = address.search.slice(1);
  const shown = views.find((view) => view.search === search);
  const keep = (next: typeof views) => {
    keepViews(next);
    setViews(next);
  };
  return (
    <div className="choices">
      <label>
        View{' '}
        <select
          value={shown?.name ?? ''}
          onChange={({ target }) => {
            const view = views.find(({ name }) => name === target.value);
            if (view) go(`${consolePages.fleet}?${view.search}`);
          }}
        >
          {!shown && <option value="">not saved</option>}
          {views.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {shown ? (
        <Button onPress={() => keep(views.filter((view) => view !== shown))}>{`Forget ${shown.name}`}</Button>
      ) : (
        <Button aria-expanded={isNaming} onPress={() => setIsNaming(!isNaming)}>
          Save this view
        </Button>
      )}
      {isNaming && !shown && (
        <NameForm
          onName={(name) => {
            keep(withView(views, { name, search }));
            setIsNaming(false);
          }}
        />
      )}
    </div>
  );
}

function NameForm({ onName }: { readonly onName: (name: string) => void }) {
  const id = useId();
  const [name, setName] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '') onName(name.trim());
  };
  return (
    <form className="choices" onSubmit={submit}>
      <label htmlFor={id}>Name of the view</label>
      <input id={id} required maxLength={60} value={name} onChange={({ target }) => setName(target.value)} />
      <Button type="submit">Save</Button>
    </form>
  );
}
