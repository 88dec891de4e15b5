import { AskingFailed } from '../client.ts';

/** Whether the API did not know who asked. */
export const isNobody = (error: unknown) => error instanceof AskingFailed && error.status === 401;
