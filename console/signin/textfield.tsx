import { useId } from 'react';

interface TextFieldSpec {
  readonly title: string;
  readonly name: string;
  readonly type?: 'text' | 'password';
  readonly autoComplete: string;
}

/** A field that must be filled in, with what it is for. */
export function TextField({ title, type = 'text', ...rest }: TextFieldSpec) {
  const id = useId();
  return (
    <>
      <label htmlFor={id}>{title}</label>
      <input {...rest} {...{ id, type }} required maxLength={200} autoCapitalize="none" spellCheck={false} />
    </>
  );
}
