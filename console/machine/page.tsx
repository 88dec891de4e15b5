import { useQuery } from '@tanstack/react-query';
import { normaliseMac } from '../../domain/machine.ts';
import { useAddress } from '../address.tsx';
import { readMachineView } from '../client.ts';
import { PageFrame } from '../frame/page.tsx';
import { PagePart } from '../frame/part.tsx';
import { outOfDateWith, useLive } from '../live.ts';
import { shownName } from '../words.ts';
import { HardwareParts } from './hardware.tsx';
import { NowParts } from './now.tsx';
import { PapersParts } from './papers.tsx';
import { RecordsParts } from './records.tsx';
import { readView, ViewLinks } from './views.tsx';

/** A machine is named in the address as a person would type it. */
function selectorOf(name: string): string {
  if (normaliseMac(name) !== null) return `mac=${name}`;
  return name.startsWith('m-') ? `id=${name}` : `hostname=${name.toLowerCase()}`;
}

/** All that is known of one machine. */
export function MachinePage({ name }: { readonly name: string }) {
  const live = useLive(selectorOf(name));
  const shown = readView(useAddress());
  const view = useQuery({
    queryKey: ['machine', name],
    queryFn: ({ signal }) => readMachineView(name, signal),
    ...outOfDateWith('machine', 'step', 'order', 'question', 'permit'),
    ...live,
  });
  const { data } = view;
  return (
    <PageFrame title={data ? shownName(data.machine) : name}>
      <ViewLinks />
      <div className="parts">
        {data === undefined ? (
          <PagePart title="Where it stands" query={view}>
            {() => null}
          </PagePart>
        ) : (
          <>
            {shown === 'now' && <NowParts name={name} view={view} live={live} />}
            {shown === 'hardware' && <HardwareParts name={name} view={view} live={live} />}
            {shown === 'records' && <RecordsParts name={name} live={live} />}
            {shown === 'papers' && <PapersParts name={name} live={live} />}
          </>
        )}
      </div>
    </PageFrame>
  );
}
