import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { go, useAddress } from '../address.tsx';
import { PageFrame } from '../frame/page.tsx';
import { ProblemBox } from '../frame/problem.tsx';
import { SignInForms } from './page.tsx';
import { comeBack } from './provider.ts';

/** Where the provider of accounts sends people back to. */
export function ReturnPage() {
  const { searchParams } = useAddress();
  const queries = useQueryClient();
  const coming = useMutation({
    mutationFn: comeBack,
    onSuccess: async (back) => {
      go(back, 'replace');
      await queries.resetQueries();
    },
    // A code is good once: it does not stay in the address bar.
    onError: () => go('/signin', 'replace'),
  });
  const isBegun = useRef(false);
  useEffect(() => {
    if (isBegun.current || !searchParams.has('state')) return;
    isBegun.current = true;
    coming.mutate(searchParams);
  });
  return (
    <PageFrame title="Sign in">
      {coming.isPending ? <p role="status">Signing in …</p> : <SignInForms back="/" />}
      {coming.error !== null && <ProblemBox error={coming.error} />}
    </PageFrame>
  );
}
