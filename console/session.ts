/** Who looks: the one place where the console reads it. Signing in is in signin/. */
import { useQuery } from '@tanstack/react-query';
import type { SessionView } from '../contract/session.ts';
import { readSession } from './client.ts';

export function useSession() {
  return useQuery({ queryKey: ['session'], queryFn: ({ signal }) => readSession(signal), staleTime: 60_000 });
}

/** Address of a workflow in Temporal's Web UI. */
export function workflowAddress({ ui, namespace }: NonNullable<SessionView['temporal']>, id: string): string {
  return `${ui.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(id)}`;
}
