import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useId } from 'react';
import { Button } from 'react-aria-components/Button';
import type { SessionView } from '../../contract/session.ts';
import { describeGrant } from '../../domain/grants.ts';
import { PageFrame } from '../frame/page.tsx';
import { PagePart } from '../frame/part.tsx';
import { ProblemBox } from '../frame/problem.tsx';
import { useSession } from '../session.ts';
import { formatTime } from '../time.ts';
import { changePassword } from './asks.ts';
import { PasskeysPart } from './mypasskeys.tsx';
import { TextField } from './textfield.tsx';

/** Somebody's own account: what they may, and by what they sign in. */
export function AccountPage() {
  const session = useSession();
  // Who comes from elsewhere has neither here.
  const own = ['password', 'passkey'].includes(session.data?.by ?? '') ? session.data : undefined;
  return (
    <PageFrame title="Your account">
      <PagePart title="Who you are" query={session}>
        {(data) => <Facts session={data} />}
      </PagePart>
      {own && <PasswordPart given={own.passwordGiven} />}
      {own && <PasskeysPart />}
    </PageFrame>
  );
}

function Facts({ session: { name, grants, expiresAt } }: { readonly session: SessionView }) {
  return (
    <>
      <p>
        {name}: {grants.map(describeGrant).join('; ') || 'nothing yet'}
      </p>
      {expiresAt !== null && <p className="quiet">Signed in until {formatTime(Date.parse(expiresAt))}</p>}
    </>
  );
}

function PasswordPart({ given }: { readonly given: boolean }) {
  const heading = useId();
  const queries = useQueryClient();
  const changing = useMutation({
    mutationFn: ({ old, password }: { old: string; password: string }) => changePassword(old, password),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['session'] }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const told = new FormData(event.currentTarget);
    changing.mutate({ old: String(told.get('old')), password: String(told.get('password')) });
  };
  return (
    <section className="part" aria-labelledby={heading}>
      <div className="part-head">
        <h2 id={heading}>Password</h2>
      </div>
      {given && <p>Somebody else gave you this password, and knows it: take one of your own.</p>}
      <form className="sign-in" onSubmit={submit}>
        <TextField title="Password" name="old" type="password" autoComplete="current-password" />
        <TextField
          title="New password, 12 characters or more"
          name="password"
          type="password"
          autoComplete="new-password"
        />
        <Button type="submit" isDisabled={changing.isPending}>
          Change the password
        </Button>
        {changing.isSuccess && <p role="status">It is changed, and you are signed out everywhere else.</p>}
        {changing.error !== null && <ProblemBox error={changing.error} />}
      </form>
    </section>
  );
}
