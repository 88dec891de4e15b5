/** Ordering for one machine: always rehearsed first; what then is ordered is done only by the plan that was shown. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import type { OrderRequest } from '../../contract/api.ts';
import { type Passage, passages } from '../../domain/machine.ts';
import { ProblemBox } from '../frame/problem.tsx';
import { placeOrderOf } from './asking.ts';
import { type Wish, WishFields, wishFor } from './fields.tsx';
import { mintOrderId } from './mint.ts';
import { orderForms, readRequestOf } from './passages.ts';
import { Rehearsed } from './rehearsed.tsx';

const offered = Object.keys(orderForms) as Passage[];

export function OrderOne({ machine }: { readonly machine: string }) {
  const [wish, setWish] = useState(() => wishFor('reboot'));
  const [id, setId] = useState(() => mintOrderId('dry'));
  const [wrong, setWrong] = useState<string | null>(null);
  const planning = useMutation({
    mutationFn: (order: OrderRequest) => placeOrderOf({ ...order, id, dryRun: true }),
  });
  const change = (next: Wish) => {
    planning.reset();
    setId(mintOrderId('dry'));
    setWish(next);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const order = orderOf(machine, wish);
    setWrong(typeof order === 'string' ? order : null);
    if (typeof order !== 'string') planning.mutate(order);
  };
  return (
    <>
      <form className="steer" onSubmit={submit}>
        <WishFields wish={wish} passages={passages.filter((one) => offered.includes(one))} onChange={change} />
        {wrong !== null && <p role="alert">{wrong}</p>}
        <Button type="submit" className="primary" isDisabled={planning.isPending || planning.isSuccess}>
          {`Plan the ${wish.passage}`}
        </Button>
        {planning.error !== null && <ProblemBox error={planning.error} />}
      </form>
      {planning.isSuccess && <Rehearsed key={id} id={id} order={planning.variables} onLeave={() => change(wish)} />}
    </>
  );
}

/** As the API takes it; a sentence where the fields tell no order. */
function orderOf(machine: string, { passage, texts, reason, urgency }: Wish): OrderRequest | string {
  const request = readRequestOf(passage, texts);
  if (typeof request === 'string') return request;
  return {
    ...{ machine, passage, request, reason: reason.trim() },
    ...(urgency !== '' && { class: urgency as NonNullable<OrderRequest['class']> }),
  };
}
