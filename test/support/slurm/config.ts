/** What a cluster of the tests is made of: three nodes of four cores on loopback, each with a port of its own. */
export const nodeNames = ['n1', 'n2', 'n3'] as const;

export interface ClusterPorts {
  readonly controller: number;
  readonly rest: number;
  readonly nodes: readonly number[];
}

/** slurm.conf for a folder as its programs see it. Jobs of others are hidden from whoever is no operator. */
export function slurmConf(folder: string, ports: ClusterPorts): string {
  const nodes = nodeNames.map(
    (name, at) => `NodeName=${name} NodeAddr=127.0.0.1 Port=${ports.nodes[at]} CPUs=4 RealMemory=400 State=UNKNOWN`,
  );
  return `${[
    'ClusterName=farrier',
    'SlurmctldHost=ctl(127.0.0.1)',
    `SlurmctldPort=${ports.controller}`,
    'AuthType=auth/munge',
    `AuthInfo=socket=${folder}/munge.sock`,
    'CredType=cred/munge',
    'AuthAltTypes=auth/jwt',
    `AuthAltParameters=jwt_key=${folder}/jwt.key`,
    'SlurmUser=root',
    'SlurmdUser=root',
    `StateSaveLocation=${folder}/state`,
    `SlurmdSpoolDir=${folder}/spool.%n`,
    `SlurmctldPidFile=${folder}/slurmctld.pid`,
    `SlurmdPidFile=${folder}/slurmd.%n.pid`,
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core',
    'SwitchType=switch/none',
    'MpiDefault=none',
    // A machine of the tests has fewer cores than its nodes say.
    'SlurmdParameters=config_overrides',
    'SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0',
    'PrivateData=jobs',
    'RebootProgram=/bin/true',
    'ReturnToService=1',
    'KillWait=1',
    'MinJobAge=2',
    ...nodes,
    `PartitionName=all Nodes=${nodeNames.join(',')} Default=YES OverSubscribe=YES State=UP`,
  ].join('\n')}\n`;
}
