import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from 'react-aria-components/Button';
import { consolePages } from '../../contract/pages.ts';
import { PageLink } from '../address.tsx';
import { useSession } from '../session.ts';
import { signOutHere } from './asks.ts';
import { isNobody } from './nobody.ts';

/** Who is signed in, the way to their account, and out. */
export function Person() {
  const { data, error } = useSession();
  const queries = useQueryClient();
  const leaving = useMutation({ mutationFn: signOutHere, onSettled: () => queries.resetQueries() });
  if (error !== null)
    return <p className="frame-person">{isNobody(error) ? 'nobody is signed in' : 'not known who looks'}</p>;
  if (!data) return <p className="frame-person">…</p>;
  const who = `${data.name}, ${data.role}`;
  // Who is known by being on the API's machine has no account here, and nothing to leave.
  if (data.by === 'loopback' || data.by === 'token') return <p className="frame-person">{who}</p>;
  return (
    <p className="frame-person">
      <PageLink href={consolePages.account}>{who}</PageLink>{' '}
      <Button onPress={() => leaving.mutate()} isDisabled={leaving.isPending}>
        Sign out
      </Button>
    </p>
  );
}
