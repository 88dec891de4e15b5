import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { Button } from 'react-aria-components/Button';
import type { SignInChoices } from '../../contract/session.ts';
import { go } from '../address.tsx';
import { fetchFrom } from '../client.ts';
import { PageFrame } from '../frame/page.tsx';
import { ProblemBox } from '../frame/problem.tsx';
import { signInAs } from './asks.ts';
import { hasPasskeys, signInByPasskey } from './passkeys.ts';
import { goToProvider } from './provider.ts';
import { TextField } from './textfield.tsx';

/** Where somebody says who they are; the address stays, and its page is shown then. */
export function SignInPage() {
  return (
    <PageFrame title="Sign in">
      <SignInForms back={null} />
    </PageFrame>
  );
}

/** The ways to sign in. `back`: what is shown then; null for what the address bar has. */
export function SignInForms({ back }: { readonly back: string | null }) {
  const queries = useQueryClient();
  const onSuccess = () => {
    if (back !== null) go(back, 'replace');
    // Nothing of who was here before is shown to who comes.
    return queries.resetQueries();
  };
  const { data: choices } = useQuery({
    queryKey: ['sign-in choices'],
    queryFn: ({ signal }) => fetchFrom<SignInChoices>('/session/choices', {}, signal),
  });
  const byPassword = useMutation({
    mutationFn: ({ name, password }: { name: string; password: string }) => signInAs(name, password),
    onSuccess,
  });
  const byPasskey = useMutation({ mutationFn: signInByPasskey, onSuccess });
  const byProvider = useMutation({ mutationFn: goToProvider });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    byPassword.mutate({ name: String(given.get('name')).trim(), password: String(given.get('password')) });
  };
  return (
    <>
      {choices?.provider && (
        <div className="sign-in">
          <Button className="primary" onPress={() => byProvider.mutate()} isDisabled={byProvider.isPending}>
            {`Sign in by ${choices.provider}`}
          </Button>
          {byProvider.error !== null && <ProblemBox error={byProvider.error} />}
        </div>
      )}
      <form className="sign-in" onSubmit={submit}>
        <TextField title="Name" name="name" autoComplete="username" />
        <TextField title="Password" name="password" type="password" autoComplete="current-password" />
        <Button type="submit" className="primary" isDisabled={byPassword.isPending}>
          Sign in
        </Button>
        {byPassword.error !== null && <ProblemBox error={byPassword.error} />}
      </form>
      {hasPasskeys() && (
        <div className="sign-in">
          <Button onPress={() => byPasskey.mutate()} isDisabled={byPasskey.isPending}>
            Sign in with a passkey
          </Button>
          {byPasskey.error !== null && <ProblemBox error={byPasskey.error} />}
        </div>
      )}
    </>
  );
}
