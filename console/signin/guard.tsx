import type { QueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { consolePages } from '../../contract/pages.ts';
import { useAddress } from '../address.tsx';
import { useSession } from '../session.ts';
import { isNobody } from './nobody.ts';
import { SignInPage } from './page.tsx';

/** The page that was asked for, or how to sign in where the API does not know who asks. */
export function SignInGuard({ children }: { readonly children: ReactNode }) {
  const { error } = useSession();
  const { pathname } = useAddress();
  // Whoever is sent back by the provider is nobody yet.
  return isNobody(error) && pathname !== consolePages.signin ? <SignInPage /> : children;
}

/** Who is told that they are nobody was signed out behind the page: it is seen to at once, and not with the next look. */
export function noticeSignOut(client: QueryClient, error: unknown): void {
  const session = client.getQueryState(['session']);
  if (isNobody(error) && session?.status === 'success' && session.fetchStatus === 'idle')
    void client.invalidateQueries({ queryKey: ['session'] });
}
