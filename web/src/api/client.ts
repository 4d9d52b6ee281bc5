/**
 * The calls to the API, one function each. An answer that is no success becomes an `ApiError` whose message can be shown
 * as it stands.
 */
import type { AutomationDocument, Json, JsonObject } from '../model/document'
import { isObject } from '../model/document'
import { type Problem, problemsIn } from '../model/problems'
import type { Run } from '../model/runs'
import type {
  ActionEntry,
  Automation,
  AutomationStatus,
  Environment,
  EventType,
  Me,
  Page,
  Sandbox,
  SkippedStart,
  Task,
  Version,
} from './types'

const BASE = '/api/v1'

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

type Query = Record<string, string | number | boolean | undefined | null>

async function request<T>(
  method: string,
  path: string,
  { body, query, keepalive = false }: { body?: unknown; query?: Query; keepalive?: boolean } = {},
): Promise<T> {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value))
  }
  const suffix = search.size > 0 ? `?${search}` : ''
  const answer = await fetch(`${BASE}${path}${suffix}`, {
    method,
    keepalive,
    headers: {
      Accept: 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(method === 'POST' ? { 'Idempotency-Key': crypto.randomUUID() } : {}),
    },
    body: body === undefined ? null : JSON.stringify(body),
  })
  const text = await answer.text()
  const read = text === '' ? null : readJson(text)
  if (!answer.ok) throw new ApiError(answer.status, refusalWords(answer, read), problemsIn(read), read)
  return read as T
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function refusalWords(answer: Response, body: unknown): string {
  if (isObject(body)) {
    if (typeof body.detail === 'string' && body.detail !== '') return body.detail
    if (typeof body.title === 'string') return body.title
  }
  if (answer.status >= 500) return 'The server could not answer. Try again in a moment.'
  return `The server refused this (${answer.status}).`
}

const part = encodeURIComponent

export const api = {
  automations: (query: Query = {}) => request<Page<Automation>>('GET', '/automations', { query }),
  automation: (id: string, environment?: Environment) =>
    request<Automation>('GET', `/automations/${part(id)}`, { query: { environment } }),
  version: (id: string, version: number) =>
    request<Automation>('GET', `/automations/${part(id)}`, { query: { version } }),
  createAutomation: (body: JsonObject) => request<Automation>('POST', '/automations', { body }),
  deleteAutomation: (id: string) => request<null>('DELETE', `/automations/${part(id)}`),
  setStatus: (id: string, status: AutomationStatus) =>
    request<Automation>('PATCH', `/automations/${part(id)}`, { body: { status } }),
  draft: (id: string) => request<Record<string, unknown>>('GET', `/automations/${part(id)}/draft`),
  saveDraft: (id: string, document: AutomationDocument, keepalive = false) =>
    request<Record<string, unknown>>('PUT', `/automations/${part(id)}/draft`, { body: document, keepalive }),
  publish: (id: string, body: JsonObject) =>
    request<Automation>('POST', `/automations/${part(id)}/publish`, { body }),
  versions: (id: string) => request<Page<Version>>('GET', `/automations/${part(id)}/versions`),
  promote: (id: string) => request<Automation>('POST', `/automations/${part(id)}/promote`),
  discardSandbox: (id: string) => request<null>('DELETE', `/automations/${part(id)}/sandbox`),
  skippedStarts: (id: string) =>
    request<Page<SkippedStart>>('GET', `/automations/${part(id)}/skipped-starts`),
  runs: (automation: string | undefined, query: Query) =>
    request<Page<Run>>('GET', automation ? `/automations/${part(automation)}/runs` : '/runs', { query }),
  run: (id: string) => request<Run>('GET', `/runs/${part(id)}`),
  tasks: (query: Query = {}) => request<Page<Task>>('GET', '/tasks', { query }),
  task: (id: string) => request<Task>('GET', `/tasks/${part(id)}`),
  completeTask: (id: string, output: Json) =>
    request<unknown>('POST', `/tasks/${part(id)}/complete`, { body: { output } }),
  sandbox: () => request<Sandbox>('GET', '/sandbox'),
  switchSandbox: (active: boolean) => request<Sandbox>('PUT', '/sandbox', { body: { active } }),
  publishEvent: (event: JsonObject) => request<unknown>('POST', '/events', { body: event }),
  actions: () => request<Page<ActionEntry> | ActionEntry[]>('GET', '/actions'),
  eventTypes: () => request<Page<EventType> | EventType[]>('GET', '/event-types'),
  me: () => request<Me>('GET', '/me'),
}
