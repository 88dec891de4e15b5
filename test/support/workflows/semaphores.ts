export { semaphore } from '../../../workflows/semaphore.ts';
export { requester } from './requester.ts';
