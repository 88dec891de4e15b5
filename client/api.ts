import { openAsBlob } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenCreated, TokenRequest, TokenView } from '../contract/accounts.ts';
import type { AdoptionRequested, AdoptionView } from '../contract/adoptionschemas.ts';
import type {
  BootStats,
  BrainslugRequest,
  BurninView,
  Finding,
  HumanStepView,
  ImageUpload,
  ImageView,
  MachineAnnouncement,
  MachineFilter,
  MachineSummary,
  MachineView,
  OrderDetail,
  OrderRequest,
  OrdersAccepted,
  OrdersRequest,
  OrderView,
  Problem,
  RackView,
  TimelineEntry,
} from '../contract/api.ts';
import { apiHeader, approvalHeader } from '../contract/apiheader.ts';
import type {
  ApprovalAsked,
  ApprovalDetail,
  ApprovalDone,
  ApprovalPolicyRequest,
  ApprovalPolicyView,
  ApprovalView,
} from '../contract/approvals.ts';
import type { AuditList, AuditQuery, AuditRows, AuditState } from '../contract/auditschemas.ts';
import type { CampaignDetail, CampaignPage, CampaignRequest, CampaignView } from '../contract/campaignschemas.ts';
import type {
  DriftList,
  DriftQuery,
  ProfileRequest,
  ProfileView,
  ReconcileRequested,
  RoundView,
} from '../contract/driftschemas.ts';
import type { ErasureView } from '../contract/erasures.ts';
import type { ConformanceView, ConsumptionView, FleetHealthView } from '../contract/fleetschemas.ts';
import type { FlowVersions } from '../contract/flowschemas.ts';
import type {
  BrakeLimitsRequest,
  BrakeView,
  CapacityRequest,
  CapacityView,
  PoolRequest,
  PoolView,
} from '../contract/guards.ts';
import type { EventView, HardwareView, LogEntryView } from '../contract/hardwareviews.ts';
import type { ImportRequest, ImportView } from '../contract/importschemas.ts';
import type { PersonCreated, PersonRequest, PersonView } from '../contract/people.ts';
import type {
  DisruptionAnswer,
  DisruptionRequest,
  PermitGroupChange,
  PermitGroupView,
  SemaphoreChange,
  SemaphoreDetail,
  SemaphoreView,
} from '../contract/permitviews.ts';
import type { ImpactView, NetworkView, PlacesRequest, SwitchView } from '../contract/places.ts';
import type { PolicyVersionView } from '../contract/policyschemas.ts';
import type { DeviceStarted, DeviceWaiting, ProviderRequest, ProviderView } from '../contract/providers.ts';
import type { RehydrateList, RehydrateRequest, RehydrateView } from '../contract/rehydrateschemas.ts';
import type { ReleaseRequest, UnholdRequest, VouchRequest } from '../contract/release.ts';
import type { SessionView, SignedInView, SignInChoices } from '../contract/session.ts';
import type { TagChange, TagsChanged, TagView } from '../contract/tagschemas.ts';
import type {
  OnCallView,
  RotationRequest,
  RouteRequest,
  RouteView,
  TicketDetail,
  TicketView,
} from '../contract/tickets.ts';
import { type ApprovalState, actMeanings } from '../domain/approvals.ts';
import type { ChangeKind } from '../domain/changes.ts';
import type { ExportFormat } from '../domain/imports/exported.ts';
import { readSentEvents } from './events.ts';

/** A request that was refused or failed: the API's word and sentence, or why it could not be asked. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly field: string | undefined;
  constructor(status: number, code: string, message: string, field?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/** What was asked is kept until a second person has approved of it, and not done. */
export class ApprovalAwaited extends Error {
  override readonly name = 'ApprovalAwaited';
  readonly approval: ApprovalAsked;
  constructor(approval: ApprovalAsked) {
    const { id, what, acts } = approval;
    const why = acts.map((act) => actMeanings[act]).join(', and ');
    super(`${what}: it ${why}, and waits for a second person as ${id}`);
    this.approval = approval;
  }
}

export interface ApiClientOptions {
  /** Origin of the API, e.g. `http://127.0.0.1:8470`. */
  readonly url: string;
  /** Name for the audit. */
  readonly operator?: string;
  /** By which it signs in. It is sent over TLS, or to this machine, and nowhere else. */
  readonly token?: string | undefined;
  /** PEM of who signed the API's certificate, where that is none of those that everybody trusts. */
  readonly ca?: string | undefined;
  /** Milliseconds until a request is given up; 30,000 by default. Uploads have no limit. */
  readonly timeoutMs?: number;
}

/** Time for an import, the reading of its text included. */
const importLimitMs = 180_000;

interface AskedFor {
  readonly query?: Query;
  readonly body?: string | Blob;
  readonly limitMs?: number;
  /** Ends it in place of a limit. */
  readonly signal?: AbortSignal;
  /** Outside of `/api/v1`. */
  readonly outside?: true;
}

/** Something changed; `ready`: all that was missed has been told; `reset`: too much was, and all is to be read anew. */
export interface ChangeEvent {
  readonly event: ChangeKind | 'left' | 'ready' | 'reset';
  readonly data: Readonly<Record<string, unknown>>;
}

/** Milliseconds until a connection over which nothing comes is taken for lost: three signs of life; until it is tried again. */
const [maxSilenceMs, againMs] = [45_000, 1000];

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The people's HTTP API, typed. Every method throws ApiProblem, and ApprovalAwaited where a second person is needed. */
export class ApiClient {
  readonly #options: ApiClientOptions;
  #fetch: Promise<typeof fetch> | null = null;
  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  /** All machines that match, page by page. */
  async machines(filter: MachineFilter = {}): Promise<MachineSummary[]> {
    const found: MachineSummary[] = [];
    for (let after: string | undefined; ; ) {
      const page = await this.#get<{ machines: MachineSummary[]; next: string | null }>('/machines', {
        limit: 1000,
        ...(filter as Query),
        after,
      });
      found.push(...page.machines);
      if (page.next === null || filter.limit !== undefined) return found;
      after = page.next;
    }
  }

  machine(name: string): Promise<MachineView> {
    return this.#get(`/machines/${encodeURIComponent(name)}`);
  }

  async timeline(name: string, limit = 200): Promise<TimelineEntry[]> {
    return (await this.#get<{ entries: TimelineEntry[] }>(`/machines/${encodeURIComponent(name)}/timeline`, { limit }))
      .entries;
  }

  /** Lifts the hold of a machine; refused where an answer is what it waits for. */
  async unholdMachine(name: string, unhold: UnholdRequest): Promise<void> {
    await this.#send('POST', `/machines/${encodeURIComponent(name)}/unhold`, unhold);
  }

  /** Lets a machine's controller be talked to again, after what shut it out was looked at. */
  async releaseController(name: string, release: ReleaseRequest): Promise<void> {
    await this.#send('POST', `/machines/${encodeURIComponent(name)}/controller/release`, release);
  }

  /** Says that a machine's controller is its own, where it shows too little to tell. */
  async vouchForController(name: string, vouch: VouchRequest): Promise<void> {
    await this.#send('POST', `/machines/${encodeURIComponent(name)}/controller/vouch`, vouch);
  }

  announce(machine: MachineAnnouncement): Promise<{ id: string; notes: string[] }> {
    return this.#send('POST', '/machines', machine);
  }

  /** Announces networks, racks, switches and controllers; may be repeated. */
  async announcePlaces(places: PlacesRequest): Promise<void> {
    await this.#send('POST', '/places', places);
  }

  /** Asks for a machine to be taken in by its controller's address. */
  adopt(request: AdoptionRequested): Promise<{ id: string }> {
    return this.#send('POST', '/adoptions', request);
  }

  adoption(id: string): Promise<AdoptionView> {
    return this.#get(`/adoptions/${encodeURIComponent(id)}`);
  }

  /** Plans an import; with the hash of its plan, does it. Ten thousand machines take a while. */
  importInventory(request: ImportRequest): Promise<ImportView> {
    return this.#ask('POST', '/imports', { body: JSON.stringify(request), limitMs: importLimitMs });
  }

  /** The fleet as text of that format. */
  async exportFleet(format: ExportFormat, query: Query = {}): Promise<string> {
    return (await this.#respond('GET', `/exports/${format}`, { query })).text();
  }

  /** The machines that the Dominator may have, as its `mdbd` reads them. */
  async dominatorList(): Promise<string> {
    return (await this.#respond('GET', '/dominator/mdb.json', { outside: true })).text();
  }

  order(order: OrderRequest): Promise<{ order: OrderView; created: boolean }> {
    return this.#send('POST', '/orders', order);
  }

  /** One order for each machine that a selector means, each with its own outcome. */
  orderMany(orders: OrdersRequest): Promise<OrdersAccepted> {
    return this.#send('POST', '/orders/many', orders);
  }

  /** Orders what BrainSlug's payload asks for, of one machine or of a selector's. */
  brainslug(request: BrainslugRequest): Promise<OrdersAccepted> {
    return this.#send('POST', '/orders/brainslug', request);
  }

  async orders(filter: { state?: string; machine?: string; limit?: number } = {}): Promise<OrderView[]> {
    return (await this.#get<{ orders: OrderView[] }>('/orders', filter)).orders;
  }

  showOrder(id: string): Promise<OrderDetail> {
    return this.#get(`/orders/${encodeURIComponent(id)}`);
  }

  async cancel(id: string, reason: string): Promise<void> {
    await this.#send('POST', `/orders/${encodeURIComponent(id)}/cancel`, { reason });
  }

  /** `take-over`: a person does the rest by hand; `resume` hands it back. */
  async steer(id: string, how: 'pause' | 'resume' | 'take-over', reason: string): Promise<void> {
    await this.#send('POST', `/orders/${encodeURIComponent(id)}/${how}`, { reason });
  }

  /** Plans one order over many machines; the campaign's hash is what it is started by. */
  planCampaign(spec: CampaignRequest): Promise<{ created: boolean; campaign: CampaignView }> {
    return this.#send('POST', '/campaigns', spec);
  }

  async campaigns(): Promise<CampaignView[]> {
    return (await this.#get<{ campaigns: CampaignView[] }>('/campaigns')).campaigns;
  }

  campaign(id: string, page: CampaignPage = {}): Promise<CampaignDetail> {
    return this.#get(`/campaigns/${encodeURIComponent(id)}`, page as Query);
  }

  /** Orders a dry run of each of its machines. */
  rehearseCampaign(id: string): Promise<{ ordered: number; refused: number }> {
    return this.#send('POST', `/campaigns/${encodeURIComponent(id)}/rehearse`, {});
  }

  async startCampaign(id: string, plan: string, reason: string): Promise<void> {
    await this.#send('POST', `/campaigns/${encodeURIComponent(id)}/start`, { plan, reason });
  }

  async steerCampaign(
    id: string,
    how: 'pause' | 'resume' | 'cancel',
    spec: { reason: string; stop?: boolean },
  ): Promise<void> {
    await this.#send('POST', `/campaigns/${encodeURIComponent(id)}/${how}`, spec);
  }

  async steps(filter: { open?: boolean; owner?: string; machine?: string } = {}): Promise<HumanStepView[]> {
    return (await this.#get<{ steps: HumanStepView[] }>('/steps', filter)).steps;
  }

  async answer(step: string, answer: string, more: { note?: string; data?: object } = {}): Promise<void> {
    await this.#send('POST', `/steps/${encodeURIComponent(step)}/answer`, { answer, ...more });
  }

  async tickets(filter: { open?: boolean; owner?: string; machine?: string } = {}): Promise<TicketView[]> {
    return (await this.#get<{ tickets: TicketView[] }>('/tickets', filter)).tickets;
  }

  ticket(id: string): Promise<TicketDetail> {
    return this.#get(`/tickets/${encodeURIComponent(id)}`);
  }

  closeTicket(id: string, spec: { why: string; answer?: string }): Promise<{ outcome: 'closed' | 'answered' }> {
    return this.#send('POST', `/tickets/${encodeURIComponent(id)}/close`, spec);
  }

  async noteTicket(id: string, text: string): Promise<void> {
    await this.#send('POST', `/tickets/${encodeURIComponent(id)}/notes`, { text });
  }

  async ticketRoutes(): Promise<RouteView[]> {
    return (await this.#get<{ routes: RouteView[] }>('/ticket-routes')).routes;
  }

  async setTicketRoute(team: string, route: RouteRequest): Promise<void> {
    await this.#send('PUT', `/ticket-routes/${encodeURIComponent(team)}`, route);
  }

  async removeTicketRoute(team: string, reason: string): Promise<void> {
    await this.#ask('DELETE', `/ticket-routes/${encodeURIComponent(team)}`, { query: { reason } });
  }

  async onCall(query: { team?: string; at?: string } = {}): Promise<OnCallView[]> {
    return (await this.#get<{ oncall: OnCallView[] }>('/oncall', query)).oncall;
  }

  async setRotation(team: string, rotation: RotationRequest): Promise<void> {
    await this.#send('PUT', `/oncall/${encodeURIComponent(team)}`, rotation);
  }

  async swapOnCall(team: string, swap: { person: string; from: string; until: string }): Promise<void> {
    await this.#send('POST', `/oncall/${encodeURIComponent(team)}/swaps`, swap);
  }

  async capacity(scope?: string): Promise<CapacityView[]> {
    return (await this.#get<{ groups: CapacityView[] }>('/capacity', { scope })).groups;
  }

  async setCapacity(spec: CapacityRequest): Promise<CapacityView[]> {
    return (await this.#send<{ groups: CapacityView[] }>('PUT', '/capacity', spec)).groups;
  }

  brake(): Promise<BrakeView> {
    return this.#get('/brake');
  }

  engageBreaker(spec: { reason: string; minutes?: number }): Promise<BrakeView> {
    return this.#send('POST', '/brake/engage', spec);
  }

  releaseBreaker(spec: { reason: string; overrideMinutes?: number }): Promise<BrakeView> {
    return this.#send('POST', '/brake/release', spec);
  }

  setBreaker(limits: BrakeLimitsRequest): Promise<BrakeView> {
    return this.#send('PUT', '/brake', limits);
  }

  /** What machines are other than wanted of them, and how many are as they should be. */
  drift(filter: DriftQuery = {}): Promise<DriftList> {
    return this.#get('/drift', filter as Query);
  }

  /** Takes what a machine is made of now as right. */
  async acceptParts(machine: string, reason: string): Promise<void> {
    await this.#send('POST', `/machines/${encodeURIComponent(machine)}/drift/accept`, { reason });
  }

  /** Asks for a round of the reconciler, of one site or all. */
  reconcile(site?: string): Promise<ReconcileRequested> {
    return this.#send('POST', '/reconcile', site === undefined ? {} : { site });
  }

  async rounds(): Promise<RoundView[]> {
    return (await this.#get<{ rounds: RoundView[] }>('/reconcile', { limit: 100 })).rounds;
  }

  /** Asks for the workflows that are missing to be brought back; `rehydration` tells how far that is. */
  rehydrate(spec: RehydrateRequest = {}): Promise<{ id: string }> {
    return this.#send('POST', '/rehydrate', spec);
  }

  rehydrations(): Promise<RehydrateList> {
    return this.#get('/rehydrate');
  }

  rehydration(id: string): Promise<RehydrateView> {
    return this.#get(`/rehydrate/${encodeURIComponent(id)}`);
  }

  async profiles(): Promise<ProfileView[]> {
    return (await this.#get<{ profiles: ProfileView[] }>('/profiles')).profiles;
  }

  setProfile(id: string, change: ProfileRequest): Promise<ProfileView> {
    return this.#send('PUT', `/profiles/${encodeURIComponent(id)}`, change);
  }

  async pools(): Promise<PoolView[]> {
    return (await this.#get<{ pools: PoolView[] }>('/pools')).pools;
  }

  setPool(id: string, change: PoolRequest): Promise<PoolView> {
    return this.#send('PUT', `/pools/${encodeURIComponent(id)}`, change);
  }

  burnins(machine: string): Promise<{ machineId: string; burnins: BurninView[] }> {
    return this.#get(`/machines/${encodeURIComponent(machine)}/burnins`);
  }

  erasures(machine: string): Promise<{ machineId: string; erasures: ErasureView[] }> {
    return this.#get(`/machines/${encodeURIComponent(machine)}/erasures`);
  }

  hardware(machine: string, limit = 100): Promise<HardwareView> {
    return this.#get(`/machines/${encodeURIComponent(machine)}/hardware`, { limit });
  }

  async controllerEvents(machine: string, page: { limit?: number; after?: string } = {}): Promise<EventView[]> {
    return (await this.#get<{ events: EventView[] }>(`/machines/${encodeURIComponent(machine)}/events`, page)).events;
  }

  async controllerLogs(machine: string, page: { limit?: number; after?: string } = {}): Promise<LogEntryView[]> {
    return (await this.#get<{ entries: LogEntryView[] }>(`/machines/${encodeURIComponent(machine)}/logs`, page))
      .entries;
  }

  boots(minutes = 60): Promise<BootStats> {
    return this.#get('/boots', { minutes });
  }

  async racks(): Promise<RackView[]> {
    return (await this.#get<{ racks: RackView[] }>('/racks')).racks;
  }

  async networks(): Promise<NetworkView[]> {
    return (await this.#get<{ networks: NetworkView[] }>('/networks')).networks;
  }

  async switches(): Promise<SwitchView[]> {
    return (await this.#get<{ switches: SwitchView[] }>('/switches')).switches;
  }

  /** What hangs on a switch, a feed or a rack. */
  impact(kind: ImpactView['kind'], name: string): Promise<ImpactView> {
    return this.#get(`/impact/${kind}/${encodeURIComponent(name)}`);
  }

  async images(): Promise<ImageView[]> {
    return (await this.#get<{ images: ImageView[] }>('/images', { limit: 1000 })).images;
  }

  /** Sends an image file; the API signs it. */
  async addImage(
    id: string,
    file: string,
    upload: ImageUpload,
  ): Promise<{ id: string; sha256: string; bytes: number }> {
    const blob = await openAsBlob(file, { type: 'application/octet-stream' });
    return this.#ask('PUT', `/images/${encodeURIComponent(id)}`, { query: upload as Query, body: blob });
  }

  /**
   * What changes, as it changes, until the signal ends it; what was missed while the API was away is told afterwards.
   * Throws where it cannot be followed at all.
   */
  async *changes(
    query: { selector?: string; kinds?: readonly ChangeKind[] },
    signal: AbortSignal,
  ): AsyncGenerator<ChangeEvent, void> {
    const place = { id: '' };
    const { kinds, ...rest } = query;
    for (let known = false; !signal.aborted; ) {
      const silence = new AbortController();
      const timer = setTimeout(() => silence.abort(), maxSilenceMs);
      try {
        const since = place.id === '' ? {} : { since: place.id };
        const response = await this.#respond('GET', '/changes', {
          query: { ...rest, ...(kinds && { kinds: kinds.join(',') }), ...since },
          signal: AbortSignal.any([signal, silence.signal]),
        });
        known = true;
        const alive = async function* (body: AsyncIterable<Uint8Array>) {
          for await (const chunk of body) {
            timer.refresh();
            yield chunk;
          }
        };
        for await (const { event, data } of readSentEvents(alive(response.body ?? none()), place))
          yield { event: event as ChangeEvent['event'], data: JSON.parse(data) as ChangeEvent['data'] };
      } catch (error) {
        if (signal.aborted) return;
        const passing = error instanceof ApiProblem ? error.status === 0 || error.status >= 500 : true;
        if (!known || !passing) throw error;
      } finally {
        clearTimeout(timer);
      }
      await sleep(againMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Who did what, newest first; `next` is the `after` of the next page. */
  audit(query: AuditQuery = {}): Promise<AuditList> {
    return this.#get('/audit', query as Query);
  }

  /** Rows of the audit's chain as text, oldest first, page by page. */
  async *auditRows(after = 0): AsyncGenerator<string> {
    for (let next: number | null = after; next !== null; ) {
      const page: AuditRows = await this.#get('/audit/rows', { after: next });
      yield* page.rows;
      next = page.next;
    }
  }

  /** The newest version of each policy that was ever changed. */
  async policies(kind?: PolicyVersionView['kind']): Promise<PolicyVersionView[]> {
    return (await this.#get<{ policies: PolicyVersionView[] }>('/policies', { kind })).policies;
  }

  /** All versions of one policy, newest first. */
  async policyVersions(kind: PolicyVersionView['kind'], subject: string): Promise<PolicyVersionView[]> {
    return (await this.#get<{ versions: PolicyVersionView[] }>(`/policies/${kind}/${encodeURIComponent(subject)}`))
      .versions;
  }

  restorePolicy(
    kind: PolicyVersionView['kind'],
    subject: string,
    restore: { readonly version: number; readonly reason: string },
  ): Promise<PolicyVersionView> {
    return this.#send('POST', `/policies/${kind}/${encodeURIComponent(subject)}/restore`, restore);
  }

  auditState(): Promise<AuditState> {
    return this.#get('/audit/state');
  }

  /** The fleet by rack: as it is wanted or not. */
  conformance(): Promise<ConformanceView> {
    return this.#get('/fleet/conformance');
  }

  /** What each rack draws and takes up; of one rack its machines too. */
  consumption(rack?: string): Promise<ConsumptionView> {
    return this.#get('/fleet/consumption', { rack });
  }

  /** The fleet by rack: well, or what is the matter. */
  fleetHealth(): Promise<FleetHealthView> {
    return this.#get('/fleet/health');
  }

  /** Passages with their steps, as the workers that run them define them. */
  async flows(): Promise<FlowVersions> {
    return (await this.#get<{ versions: FlowVersions }>('/flows')).versions;
  }

  doctor(): Promise<{ ok: boolean; findings: Finding[]; queues: string[] }> {
    return this.#get('/doctor');
  }

  async semaphores(): Promise<SemaphoreView[]> {
    return (await this.#get<{ semaphores: SemaphoreView[] }>('/semaphores')).semaphores;
  }

  /** By its name: `reboot/rack=A12`. */
  semaphore(id: string): Promise<SemaphoreDetail> {
    return this.#get(`/semaphores/${encodeURIComponent(id)}`);
  }

  /** By which names drains and reboots take permits where their orders name none. */
  async permitGroups(): Promise<PermitGroupView[]> {
    return (await this.#get<{ groups: PermitGroupView[] }>('/permit-groups')).groups;
  }

  setPermitGroups(operation: PermitGroupView['operation'], change: PermitGroupChange): Promise<PermitGroupView> {
    return this.#send('PUT', `/permit-groups/${operation}`, change);
  }

  /** Every tag with how many machines have it, or those of one machine. */
  async tags(machine?: string): Promise<TagView[]> {
    return (await this.#get<{ tags: TagView[] }>('/tags', { machine })).tags;
  }

  changeTags(change: TagChange): Promise<TagsChanged> {
    return this.#send('POST', '/tags', change);
  }

  resizeSemaphore(id: string, change: SemaphoreChange): Promise<SemaphoreDetail['policy']> {
    return this.#send('PUT', `/semaphores/${encodeURIComponent(id)}`, change);
  }

  async evictPermit(id: string, reason: string): Promise<void> {
    await this.#send('POST', `/permits/${encodeURIComponent(id)}/evict`, { reason });
  }

  disruption(spec: DisruptionRequest): Promise<DisruptionAnswer> {
    return this.#send('POST', '/disruption', spec);
  }

  /** Who the caller is, and what they may. */
  session(): Promise<SessionView> {
    return this.#get('/session');
  }

  /** Signs a person in; the token in the answer says from then on who asks. */
  signIn(name: string, password: string): Promise<SignedInView> {
    return this.#send('POST', '/session', { name, password });
  }

  /** What somebody is to do on another device, so that they are signed in here. */
  startDevice(): Promise<DeviceStarted> {
    return this.#send('POST', '/session/device/start', {});
  }

  /** Signs in whom `startDevice` waits for, or says to wait on. */
  pollDevice({ deviceCode, verifier }: DeviceStarted): Promise<SignedInView | DeviceWaiting> {
    return this.#send('POST', '/session/device', { deviceCode, verifier });
  }

  signInChoices(): Promise<SignInChoices> {
    return this.#get('/session/choices');
  }

  provider(): Promise<ProviderView> {
    return this.#get('/provider');
  }

  async setProvider(request: ProviderRequest): Promise<void> {
    await this.#send('PUT', '/provider', request);
  }

  async removeProvider(reason: string): Promise<void> {
    await this.#ask('DELETE', '/provider', { query: { reason } });
  }

  /** Ends the caller's sign-in. */
  async signOut(): Promise<void> {
    await this.#ask('DELETE', '/session', {});
  }

  /** Takes another password of the caller. */
  async changePassword(old: string, password: string): Promise<void> {
    await this.#send('PUT', '/session/password', { old, password });
  }

  async people(): Promise<PersonView[]> {
    return (await this.#get<{ people: PersonView[] }>('/people')).people;
  }

  /** Gives somebody an account; a password that was not told is in the answer, and nowhere else. */
  createPerson(request: PersonRequest): Promise<PersonCreated> {
    return this.#send('POST', '/people', request);
  }

  async grantPerson(name: string, request: Pick<PersonRequest, 'grants' | 'reason'>): Promise<void> {
    await this.#send('PUT', `/people/${encodeURIComponent(name)}/grants`, request);
  }

  givePassword(
    name: string,
    request: Pick<PersonRequest, 'password' | 'reason'>,
  ): Promise<{ password: string | null }> {
    return this.#send('PUT', `/people/${encodeURIComponent(name)}/password`, request);
  }

  async changePerson(name: string, change: 'disable' | 'enable', reason: string): Promise<void> {
    await this.#send('POST', `/people/${encodeURIComponent(name)}/${change}`, { reason });
  }

  async tokens(): Promise<TokenView[]> {
    return (await this.#get<{ tokens: TokenView[] }>('/tokens')).tokens;
  }

  /** Makes a token; it is in the answer, and nowhere else. */
  createToken(request: TokenRequest): Promise<TokenCreated> {
    return this.#send('POST', '/tokens', request);
  }

  async revokeToken(name: string, reason: string): Promise<void> {
    await this.#ask('DELETE', `/tokens/${encodeURIComponent(name)}`, { query: { reason } });
  }

  async approvals(filter: { state?: ApprovalState; machine?: string; limit?: number } = {}): Promise<ApprovalView[]> {
    return (await this.#get<{ approvals: ApprovalView[] }>('/approvals', filter)).approvals;
  }

  approval(id: string): Promise<ApprovalDetail> {
    return this.#get(`/approvals/${encodeURIComponent(id)}`);
  }

  /** Does what another person asked, by the plan with this hash. */
  approve(id: string, given: { plan: string; note?: string }): Promise<ApprovalDone> {
    return this.#send('POST', `/approvals/${encodeURIComponent(id)}/approve`, given);
  }

  /** `withdraw`: what one asked oneself. */
  async declineApproval(id: string, how: 'refuse' | 'withdraw', reason: string): Promise<void> {
    await this.#send('POST', `/approvals/${encodeURIComponent(id)}/${how}`, { reason });
  }

  approvalPolicy(): Promise<ApprovalPolicyView> {
    return this.#get('/approval-policy');
  }

  setApprovalPolicy(policy: ApprovalPolicyRequest): Promise<ApprovalPolicyView> {
    return this.#send('PUT', '/approval-policy', policy);
  }

  #get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#ask('GET', path, { query });
  }

  #send<T>(method: 'POST' | 'PUT', path: string, body: object): Promise<T> {
    return this.#ask(method, path, { body: JSON.stringify(body) });
  }

  async #ask<T>(method: string, path: string, asked: AskedFor): Promise<T> {
    const response = await this.#respond(method, path, asked);
    return (await response.json().catch(() => null)) as T;
  }

  /** What was answered, where it was done. */
  async #respond(
    method: string,
    path: string,
    { query = {}, body, limitMs, outside, signal }: AskedFor,
  ): Promise<Response> {
    const { url, operator, token, ca } = this.#options;
    const timeoutMs = limitMs ?? this.#options.timeoutMs ?? 30_000;
    if (token !== undefined && !isPrivate(url))
      throw new ApiProblem(0, 'insecure', `a token is not sent to ${url}, where others could read it: use https`);
    const target = new URL(outside ? path : `/api/v1${path}`, url);
    for (const [key, value] of Object.entries(query))
      if (value !== undefined) target.searchParams.set(key, String(value));
    this.#fetch ??= ca === undefined ? Promise.resolve(fetch) : trusting(ca);
    const response = await (await this.#fetch)(target, {
      method,
      redirect: 'error',
      headers: {
        ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
        ...(operator === undefined ? {} : { 'x-farrier-operator': operator }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body }),
      ...(body instanceof Blob ? {} : { signal: signal ?? AbortSignal.timeout(timeoutMs) }),
    }).catch((error: Error) => {
      throw new ApiProblem(0, 'unreachable', `the API at ${url} does not answer: ${reasonOf(error)}`);
    });
    if (response.headers.get(apiHeader) === null)
      throw new ApiProblem(
        response.status,
        'not-farrier',
        `what answers at ${url} is not Farrier's API: it does not say so, and answered ${response.status}`,
      );
    if (response.headers.has(approvalHeader)) {
      const answer: unknown = await response.json().catch(() => null);
      throw new ApprovalAwaited((answer as { approval: ApprovalAsked }).approval);
    }
    if (response.ok) return response;
    throw problemOf(response.status, await response.json().catch(() => null));
  }
}

async function* none(): AsyncGenerator<Uint8Array, void> {}

/** What the API says is wrong: in a problem body, or in the form of before them. */
function problemOf(status: number, answer: unknown): ApiProblem {
  const { code, detail, field, error } = (answer ?? {}) as Partial<Problem>;
  if (detail !== undefined) return new ApiProblem(status, code ?? 'fault', detail, field);
  return new ApiProblem(status, error?.code ?? 'fault', error?.message ?? `the API answered ${status}`, error?.field);
}

/** Whether nobody else reads what is sent there. */
function isPrivate(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** `fetch` that trusts one authority more. Loaded where it is needed: most callers are on the same machine. */
async function trusting(ca: string): Promise<typeof fetch> {
  const [undici, tls] = await Promise.all([import('undici'), import('node:tls')]);
  const dispatcher = new undici.Agent({ connect: { ca: [...tls.rootCertificates, ca] } });
  return ((target: URL, options: object) => undici.fetch(target, { ...options, dispatcher })) as typeof fetch;
}

function reasonOf(error: Error): string {
  const { cause } = error as { cause?: { code?: string; message?: string } };
  return cause?.code === 'ECONNREFUSED' ? 'nothing listens there' : (cause?.message ?? error.message);
}
