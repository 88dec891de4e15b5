/** What can be done with an order as it stands. */
import type { OrderView } from '../../contract/api.ts';
import type { SteeringAct } from '../frame/steer.tsx';
import { liftHoldOf, steerOrderOf } from './asking.ts';

export function actsOnOrder({ id, state, pausedBy, takenOverBy }: OrderView): readonly SteeringAct[] {
  if (state !== 'waiting' && state !== 'running') return [];
  const pause: SteeringAct = {
    title: 'Pause',
    means: 'Begins nothing more of it until it is resumed. What was sent to hardware is seen through.',
    act: (reason) => steerOrderOf(id, 'pause', reason),
  };
  const resume: SteeringAct = {
    title: 'Resume',
    means: takenOverBy === null ? 'Goes on where it stood.' : 'Farrier does the rest of it again.',
    isPrimary: true,
    act: (reason) => steerOrderOf(id, 'resume', reason),
  };
  const takeOver: SteeringAct = {
    title: 'Take over',
    means: 'A person does the rest of it by hand, and answers a question when they are through.',
    act: (reason) => steerOrderOf(id, 'take-over', reason),
  };
  const cancel: SteeringAct = {
    title: 'Cancel',
    means: 'Ends it before its next step or act.',
    act: (reason) => steerOrderOf(id, 'cancel', reason),
  };
  const stands = pausedBy !== null || takenOverBy !== null;
  return [stands ? resume : pause, ...(state === 'running' && takenOverBy === null ? [takeOver] : []), cancel];
}

export function actOnHold(machineId: string): SteeringAct {
  return {
    title: 'Lift the hold',
    means: 'It may be worked on again; nothing else changes. A hold that is an open question is answered instead.',
    act: (reason) => liftHoldOf(machineId, reason),
  };
}
