import { type FormEvent, useId, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { addressWith, go, useAddress } from '../address.tsx';

/** Where a selector is typed, in the language of the command line; the address bar then holds it. */
export function SelectorBox({ selector }: { readonly selector: string }) {
  const id = useId();
  const address = useAddress();
  const [text, setText] = useState(selector);
  const apply = (event: FormEvent) => {
    event.preventDefault();
    go(addressWith(address, { selector: text.trim() }));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a search element is not known to all that read pages aloud.
    <form className="selector" role="search" onSubmit={apply}>
      <label htmlFor={id}>Selector</label>
      <input
        id={id}
        value={text}
        onChange={({ target }) => setText(target.value)}
        placeholder="rack=A01,stage in (racked,registered),!legacy"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        enterKeyHint="search"
        aria-describedby={`${id}-help`}
      />
      <Button type="submit">Show</Button>
      {selector !== '' && <Button onPress={() => go(addressWith(address, { selector: null }))}>Show all</Button>}
      <p id={`${id}-help`} className="quiet">
        Terms with commas between them, over columns and tags: <code>rack=A01</code>, <code>stage!=in_service</code>,{' '}
        <code>pool in (web,batch)</code>, <code>!legacy</code>.
      </p>
    </form>
  );
}
