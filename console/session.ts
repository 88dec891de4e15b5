/** Who looks. This is the one place where the console reads it; signing in, where it is needed, begins here. */
import { useQuery } from '@tanstack/react-query';
import { readSession } from './client.ts';

export function useSession() {
  return useQuery({ queryKey: ['session'], queryFn: ({ signal }) => readSession(signal), staleTime: 60_000 });
}
