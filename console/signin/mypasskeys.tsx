import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useId } from 'react';
import { Button } from 'react-aria-components/Button';
import type { PasskeyView } from '../../contract/passkeys.ts';
import { fetchFrom } from '../client.ts';
import { PagePart } from '../frame/part.tsx';
import { ProblemBox } from '../frame/problem.tsx';
import { formatTime } from '../time.ts';
import { forgetPasskey, hasPasskeys, makePasskey } from './passkeys.ts';
import { TextField } from './textfield.tsx';

/** The passkeys of who is signed in: a new one, and those that there are. */
export function PasskeysPart() {
  const queries = useQueryClient();
  const reread = () => queries.invalidateQueries({ queryKey: ['passkeys'] });
  const query = useQuery({
    queryKey: ['passkeys'],
    queryFn: async ({ signal }) => (await fetchFrom<{ passkeys: PasskeyView[] }>('/passkeys', {}, signal)).passkeys,
  });
  const adding = useMutation({ mutationFn: makePasskey, onSuccess: reread });
  const forgetting = useMutation({ mutationFn: forgetPasskey, onSettled: reread });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    adding.mutate(String(new FormData(event.currentTarget).get('name')).trim());
  };
  return (
    <PagePart title="Passkeys" query={query}>
      {(passkeys) => (
        <>
          {passkeys.length === 0 && <p>You have none. With one you sign in without name and password.</p>}
          <ul className="passkeys">
            {passkeys.map((one) => (
              <Passkey key={one.id} passkey={one} onForget={() => forgetting.mutate(one)} />
            ))}
          </ul>
          {forgetting.error !== null && <ProblemBox error={forgetting.error} />}
          {hasPasskeys() ? (
            <form className="sign-in" onSubmit={submit}>
              <TextField title="What to call a new one" name="name" autoComplete="off" />
              <Button type="submit" isDisabled={adding.isPending}>
                Add a passkey
              </Button>
              {adding.error !== null && <ProblemBox error={adding.error} />}
            </form>
          ) : (
            <p className="quiet">To add one, open the console by its host’s name, in a browser that knows passkeys.</p>
          )}
        </>
      )}
    </PagePart>
  );
}

function Passkey({ passkey, onForget }: { readonly passkey: PasskeyView; readonly onForget: () => void }) {
  const id = useId();
  const { name, host, createdAt, usedAt } = passkey;
  return (
    <li>
      <span id={id}>{name}</span>{' '}
      <span className="quiet">
        for {host}, of {formatTime(createdAt)}, {usedAt === null ? 'not used yet' : `used ${formatTime(usedAt)}`}
      </span>{' '}
      <Button aria-describedby={id} onPress={onForget}>
        Forget it
      </Button>
    </li>
  );
}
