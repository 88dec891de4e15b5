import type { AuditList, AuditRows, AuditState } from '../../contract/auditschemas.ts';
import { fetchFrom } from '../client.ts';

/** What is looked for, by the names of the API. */
export const auditFilters = ['machine', 'order', 'actor', 'action', 'from', 'until'] as const;
export type AuditFilter = Partial<Record<(typeof auditFilters)[number], string>>;

export const fetchAudit = (query: AuditFilter & { limit: number; after: string | null }, signal: AbortSignal) =>
  fetchFrom<AuditList>('/audit', query, signal);

export const fetchAuditState = (signal: AbortSignal) => fetchFrom<AuditState>('/audit/state', {}, signal);

export const fetchChain = (after: number, limit: number, signal: AbortSignal) =>
  fetchFrom<AuditRows>('/audit/rows', { after, limit }, signal);
