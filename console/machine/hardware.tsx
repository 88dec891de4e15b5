import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { MachineView } from '../../contract/api.ts';
import { PagePart } from '../frame/part.tsx';
import { outOfDateWith } from '../live.ts';
import { fetchBurnins, fetchDrift, fetchHardware, fetchProfile } from './asking.ts';
import { Burnins } from './burnins.tsx';
import { PartHistory } from './parthistory.tsx';
import { Parts } from './parts.tsx';
import { Sensors } from './sensors.tsx';
import { Tree } from './tree.tsx';
import { WantedTable } from './wanted.tsx';

/** Of what controllers tell no change is told. */
const quietMs = 60_000;

interface HardwareSpec {
  readonly name: string;
  readonly view: UseQueryResult<MachineView>;
  readonly live: { readonly enabled: boolean };
}

/** What it is made of, by slot and with its history; versions and settings against its profile; sensors; burn-ins. */
export function HardwareParts({ name, view, live }: HardwareSpec) {
  const profile = view.data?.identity.profile ?? null;
  const common = { refetchInterval: quietMs, ...outOfDateWith('machine'), ...live };
  const hardware = useQuery({
    queryKey: ['hardware', name],
    queryFn: ({ signal }) => fetchHardware(name, signal),
    ...common,
  });
  const drift = useQuery({
    queryKey: ['drift', name, profile],
    queryFn: async ({ signal }) => ({
      drift: await fetchDrift(name, signal),
      wants: profile === null ? null : await fetchProfile(profile, signal),
    }),
    ...common,
  });
  const burnins = useQuery({
    queryKey: ['burnins', name],
    queryFn: ({ signal }) => fetchBurnins(name, signal),
    ...common,
    ...outOfDateWith('step'),
  });
  return (
    <>
      <PagePart title="Parts" query={view}>
        {(shown) => <Parts view={shown} />}
      </PagePart>
      <PagePart title="Parts as its controller shows them" query={hardware}>
        {(shown) => <PartHistory hardware={shown} />}
      </PagePart>
      <PagePart title="Firmware and BIOS against its profile" query={drift}>
        {(shown) => <WantedTable profile={profile} {...shown} />}
      </PagePart>
      <PagePart title="Sensors and power" query={hardware}>
        {(shown) => <Sensors hardware={shown} />}
      </PagePart>
      <PagePart title="Burn-in against its peers" query={burnins}>
        {(shown) => <Burnins burnins={shown} />}
      </PagePart>
      <PagePart title="Its controller’s tree, as last known" query={hardware}>
        {({ documents, records }) => <Tree documents={documents} records={records} />}
      </PagePart>
    </>
  );
}
