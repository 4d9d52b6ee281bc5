/**
 * The calls to the API, one function each. An answer that is no success becomes an `ApiError` whose message can be shown
 * as it stands.
 */
import createClient from 'openapi-fetch'
import type { MassAct, MassActKind, StatusCounts } from '../model/acts'
import type { AutomationDocument, Json, JsonObject } from '../model/document'
import { isObject } from '../model/document'
import { type Problem, problemsIn } from '../model/problems'
import type { Run } from '../model/runs'
import type { SkipCount, SkippedStart } from '../model/skips'
import type { operations, paths } from './schema'
import type {
  ActionEntry,
  Automation,
  AutomationStatus,
  Environment,
  EventType,
  Explanation,
  Me,
  Page,
  Preview,
  Sample,
  Sandbox,
  Task,
  Version,
} from './types'

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly problems: Problem[],
    readonly body: unknown,
  ) {
    super(message)
  }
}

/** Any failure in words for people: what happened, and what to do. */
export function failureWords(error: unknown): string {
  if (error instanceof ApiError) return error.message
  if (error instanceof TypeError)
    return 'The server cannot be reached. Check that it runs; nothing is lost here.'
  return error instanceof Error ? error.message : 'Something went wrong.'
}

const client = createClient<paths>({ headers: { Accept: 'application/json' } })

client.use({
  onRequest({ request }) {
    if (request.method === 'POST') request.headers.set('Idempotency-Key', crypto.randomUUID())
    return request
  },
})

interface Answered {
  data?: unknown
  error?: unknown
  response: Response
}

/** What was answered. The OpenAPI document types paths and parameters; what a resource holds is typed in `types.ts`. */
async function answer<T>(call: Promise<Answered>): Promise<T> {
  const { data, error, response } = await call
  if (!response.ok)
    throw new ApiError(response.status, refusalWords(response, error), problemsIn(error), error)
  return (data ?? null) as T
}

/** What the server holds of a document, with the tag of that edition: a change can be made on condition that it stands. */
export interface Held {
  body: Record<string, unknown>
  etag: string | null
}

async function held(call: Promise<Answered>): Promise<Held> {
  const body = await answer<Record<string, unknown>>(call)
  return { body, etag: (await call).response.headers.get('etag') }
}

/** A body as the client takes it: the OpenAPI document says of bodies no more than that they are objects. */
const json = (body: object) => body as never

const automationPath = (id: string) => ({ path: { automation_id: id } })

function refusalWords(answer: Response, body: unknown): string {
  if (isObject(body)) {
    if (typeof body.detail === 'string' && body.detail !== '') return body.detail
    if (typeof body.title === 'string') return body.title
  }
  if (answer.status >= 500) return 'The server could not answer. Try again in a moment.'
  return `The server refused this (${answer.status}).`
}

type RunQuery = NonNullable<operations['list_runs_api_v1_runs_get']['parameters']['query']>

type CountQuery = NonNullable<operations['count_runs_api_v1_runs_counts_get']['parameters']['query']>
type SkippedQuery = NonNullable<
  operations['list_skipped_starts_api_v1_automations__automation_id__skipped_starts_get']['parameters']['query']
>

export const api = {
  automations: (limit: number) =>
    answer<Page<Automation>>(client.GET('/api/v1/automations', { params: { query: { limit } } })),
  automation: (id: string, query: { environment?: Environment; version?: number } = {}) =>
    answer<Automation>(
      client.GET('/api/v1/automations/{automation_id}', { params: { ...automationPath(id), query } }),
    ),
  createAutomation: (body: JsonObject) =>
    answer<Automation>(client.POST('/api/v1/automations', { body: json(body) })),
  deleteAutomation: (id: string) =>
    answer<null>(client.DELETE('/api/v1/automations/{automation_id}', { params: automationPath(id) })),
  setStatus: (id: string, status: AutomationStatus) =>
    answer<Automation>(
      client.PATCH('/api/v1/automations/{automation_id}', {
        params: automationPath(id),
        body: json({ status }),
      }),
    ),
  /** The draft; where there is none, what is published: in the environment named, else where it is. */
  held: async (id: string, environment?: Environment): Promise<Held> => {
    const params = { ...automationPath(id), query: environment ? { environment } : {} }
    const published = await held(client.GET('/api/v1/automations/{automation_id}', { params }))
    if (!published.body.draft) return published
    return held(client.GET('/api/v1/automations/{automation_id}/draft', { params: automationPath(id) }))
  },
  /** `etag` names the edition that the draft was written on: the server refuses (412) where another one stands. */
  saveDraft: (
    id: string,
    document: AutomationDocument,
    { etag, keepalive = false }: { etag: string | null; keepalive?: boolean },
  ) =>
    held(
      client.PUT('/api/v1/automations/{automation_id}/draft', {
        params: automationPath(id),
        body: json(document),
        ...(etag ? { headers: { 'If-Match': etag } } : {}),
        keepalive,
      }),
    ),
  publish: (id: string, body: { environment: Environment; status?: AutomationStatus }) =>
    held(
      client.POST('/api/v1/automations/{automation_id}/publish', {
        params: automationPath(id),
        body: json(body),
      }),
    ),
  versions: (id: string) =>
    answer<Page<Version>>(
      client.GET('/api/v1/automations/{automation_id}/versions', { params: automationPath(id) }),
    ),
  promote: (id: string) =>
    answer<Automation>(
      client.POST('/api/v1/automations/{automation_id}/promote', { params: automationPath(id) }),
    ),
  discardSandbox: (id: string) =>
    answer<null>(
      client.DELETE('/api/v1/automations/{automation_id}/sandbox', { params: automationPath(id) }),
    ),
  /** The loop guard's flag is taken away; what it refused stays listed. */
  dismissLoopGuard: (id: string) =>
    answer<null>(
      client.DELETE('/api/v1/automations/{automation_id}/loop-guard', { params: automationPath(id) }),
    ),
  skippedStarts: (id: string, query: SkippedQuery) =>
    answer<Page<SkippedStart>>(
      client.GET('/api/v1/automations/{automation_id}/skipped-starts', {
        params: { ...automationPath(id), query },
      }),
    ),
  skippedCounts: (id: string) =>
    answer<{ items: SkipCount[] }>(
      client.GET('/api/v1/automations/{automation_id}/skipped-starts/counts', { params: automationPath(id) }),
    ),
  /** Starts what a pause skipped: these, or the oldest of all; answers what is left then. */
  startSkipped: (id: string, wanted: { ids: string[] } | { ids: 'all'; most: number }) =>
    answer<{ started: number; left: number }>(
      client.POST('/api/v1/automations/{automation_id}/skipped-starts/start', {
        params: automationPath(id),
        body: json(wanted),
      }),
    ),
  runs: (automation: string | undefined, query: RunQuery) =>
    answer<Page<Run>>(
      automation === undefined
        ? client.GET('/api/v1/runs', { params: { query } })
        : client.GET('/api/v1/automations/{automation_id}/runs', {
            params: { ...automationPath(automation), query },
          }),
    ),
  runCounts: (query: CountQuery) =>
    answer<{ total: number; by_status: StatusCounts }>(
      client.GET('/api/v1/runs/counts', { params: { query } }),
    ),
  beginAct: (act: MassActKind, wanted: { runs: string[] } | { filter: JsonObject }) =>
    answer<MassAct>(client.POST('/api/v1/mass-acts', { body: json({ act, ...wanted }) })),
  act: (id: string) =>
    answer<MassAct>(client.GET('/api/v1/mass-acts/{act_id}', { params: { path: { act_id: id } } })),
  run: (id: string) => answer<Run>(client.GET('/api/v1/runs/{run_id}', { params: { path: { run_id: id } } })),
  cancelRun: (id: string) =>
    answer<Run>(
      client.POST('/api/v1/runs/{run_id}/cancel', {
        params: { path: { run_id: id } },
        body: json({}),
      }),
    ),
  /** Begins it again in a new run: from the start, or from a step with what came before taken over. */
  rerun: (
    id: string,
    { fromStep, record }: { fromStep?: string | undefined; record?: JsonObject | undefined },
  ) =>
    answer<{ id: string }>(
      client.POST('/api/v1/runs/{run_id}/rerun', {
        params: { path: { run_id: id } },
        body: json({
          ...(fromStep === undefined ? {} : { from_step: fromStep }),
          ...(record === undefined ? {} : { event: { record } }),
        }),
      }),
    ),
  tasks: (limit: number) =>
    answer<Page<Task>>(client.GET('/api/v1/tasks', { params: { query: { status: 'open', limit } } })),
  task: (id: string) =>
    answer<Task>(client.GET('/api/v1/tasks/{task_id}', { params: { path: { task_id: id } } })),
  completeTask: (id: string, output: Json) =>
    answer<Run>(
      client.POST('/api/v1/tasks/{task_id}/complete', {
        params: { path: { task_id: id } },
        body: json({ output }),
      }),
    ),
  sandbox: () => answer<Sandbox>(client.GET('/api/v1/sandbox')),
  switchSandbox: (active: boolean) =>
    answer<Sandbox>(client.PUT('/api/v1/sandbox', { body: json({ active }) })),
  publishEvent: (event: JsonObject) => answer<unknown>(client.POST('/api/v1/events', { body: json(event) })),
  actions: () => answer<Page<ActionEntry>>(client.GET('/api/v1/actions')),
  samples: (type: string, limit: number) =>
    answer<Page<Sample>>(
      client.GET('/api/v1/event-types/{event_type}/samples', {
        params: { path: { event_type: type }, query: { limit } },
      }),
    ),
  /** Which recent events the trigger of a document, saved or not, would have matched. */
  preview: (document: Pick<AutomationDocument, 'trigger' | 'conditions'>) =>
    answer<Preview>(
      client.POST('/api/v1/conditions/preview', {
        body: json({
          trigger: { event: document.trigger?.event, conditions: document.trigger?.conditions },
          ...(document.conditions === undefined ? {} : { conditions: document.conditions }),
        }),
      }),
    ),
  /** Why an event starts a run of a document, saved or not, or does not; what it would do then does not matter. */
  explain: (id: string, event: object, { trigger, conditions }: AutomationDocument) =>
    answer<Explanation>(
      client.POST('/api/v1/automations/{automation_id}/explain', {
        params: automationPath(id),
        body: json({
          event,
          document: {
            name: 'On the screen',
            trigger,
            actions: [],
            ...(conditions === undefined ? {} : { conditions }),
          },
        }),
      }),
    ),
  /** A dry run of a document, saved or not, for an event; as far as it came within some seconds. */
  test: (id: string, event: object, document: AutomationDocument) =>
    answer<Partial<Run> & { id: string }>(
      client.POST('/api/v1/automations/{automation_id}/test', {
        params: automationPath(id),
        body: json({ event, document }),
      }),
    ),
  eventTypes: () => answer<Page<EventType>>(client.GET('/api/v1/event-types')),
  me: () => answer<Me>(client.GET('/api/v1/me')),
}
