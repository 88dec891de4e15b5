/** What signing in asks of the API. */
import type { SignedInView } from '../../contract/session.ts';
import { sendTo } from '../client.ts';

export const signInAs = (name: string, password: string) =>
  sendTo<SignedInView>('POST', '/session', { name, password });

export const signOutHere = () => sendTo<{ accepted: true }>('DELETE', '/session');

export const changePassword = (old: string, password: string) =>
  sendTo<{ accepted: true }>('PUT', '/session/password', { old, password });
