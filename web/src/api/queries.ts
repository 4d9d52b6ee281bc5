/** What the pages read, with one key for each resource, so that a change can say what has become stale. */
import { infiniteQueryOptions, keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query'
import type { AutomationDocument } from '../model/document'
import type { Run, RunStatus } from '../model/runs'
import { ApiError, api } from './client'
import type { Environment } from './types'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status < 500),
    },
  },
})

export interface RunFilter {
  automation?: string | undefined
  status?: RunStatus | undefined
  mode?: 'live' | 'dry_run' | undefined
  waiting?: boolean | undefined
  record?: string | undefined
}

/** How often an act on many runs is looked at while it is under way. */
const ACT_MS = 800

export const queries = {
  automations: () =>
    queryOptions({
      queryKey: ['automations'],
      queryFn: () => api.automations(500).then((page) => page.items),
    }),
  automation: (id: string) =>
    queryOptions({ queryKey: ['automation', id], queryFn: () => api.automation(id) }),
  sandboxDocument: (id: string) => api.automation(id, { environment: 'sandbox' }),
  /** What the builder begins with; it is read once, and anew by the builder itself. */
  held: (id: string, environment?: Environment) =>
    queryOptions({
      queryKey: ['held', id, environment ?? null],
      queryFn: () => api.held(id, environment),
      staleTime: 0,
      gcTime: 0,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
    }),
  version: (id: string, version: number) =>
    queryOptions({
      queryKey: ['version', id, version],
      queryFn: () => api.automation(id, { version }),
      staleTime: Number.POSITIVE_INFINITY,
    }),
  versions: (id: string) =>
    queryOptions({ queryKey: ['versions', id], queryFn: () => api.versions(id).then((page) => page.items) }),
  skipped: (id: string, reason: string | undefined) =>
    infiniteQueryOptions({
      queryKey: ['runs', 'skipped', id, reason ?? null],
      queryFn: ({ pageParam }) =>
        api.skippedStarts(id, {
          cursor: pageParam,
          limit: 50,
          ...(reason === undefined ? {} : { reason: reason as never }),
        }),
      initialPageParam: null as string | null,
      getNextPageParam: (page) => page.next_cursor,
    }),
  skippedCounts: (id: string) =>
    queryOptions({
      queryKey: ['runs', 'skipped-counts', id],
      queryFn: () => api.skippedCounts(id).then((counts) => counts.items),
    }),
  runCounts: ({ automation, ...filter }: RunFilter) =>
    queryOptions({
      queryKey: ['runs', 'counts', automation ?? 'all', filter],
      queryFn: () => api.runCounts({ ...filter, ...(automation ? { automation_id: automation } : {}) }),
    }),
  act: (id: string) =>
    queryOptions({
      queryKey: ['act', id],
      queryFn: () => api.act(id),
      refetchInterval: ({ state }) => (state.data?.status === 'ended' ? false : ACT_MS),
    }),
  runs: ({ automation, ...filter }: RunFilter) =>
    infiniteQueryOptions({
      queryKey: ['runs', automation ?? 'all', filter],
      queryFn: ({ pageParam }) => api.runs(automation, { ...filter, cursor: pageParam, limit: 50 }),
      initialPageParam: null as string | null,
      getNextPageParam: (page) => page.next_cursor,
      refetchInterval: ({ state }) => pace(state.data?.pages.flatMap((page) => page.items)),
    }),
  run: (id: string) =>
    queryOptions({
      queryKey: ['run', id],
      queryFn: () => api.run(id),
      refetchInterval: ({ state }) => pace(state.data && [state.data]),
    }),
  tasks: () =>
    queryOptions({
      queryKey: ['tasks'],
      queryFn: () => api.tasks(200).then((page) => page.items),
    }),
  task: (id: string) => queryOptions({ queryKey: ['tasks', id], queryFn: () => api.task(id) }),
  sandbox: () => queryOptions({ queryKey: ['sandbox'], queryFn: api.sandbox }),
  actions: () =>
    queryOptions({
      queryKey: ['actions'],
      queryFn: () => api.actions().then((page) => page.items),
      staleTime: Number.POSITIVE_INFINITY,
    }),
  eventTypes: () =>
    queryOptions({
      queryKey: ['event-types'],
      queryFn: () => api.eventTypes().then((page) => page.items),
      staleTime: 60_000,
    }),
  samples: (type: string) =>
    queryOptions({
      queryKey: ['samples', type],
      queryFn: () => api.samples(type, 20).then((page) => page.items),
      staleTime: 15_000,
    }),
  preview: (document: Pick<AutomationDocument, 'trigger' | 'conditions'>) =>
    queryOptions({
      queryKey: ['preview', document],
      queryFn: () => api.preview(document),
      retry: false,
      refetchInterval: 15_000,
      placeholderData: keepPreviousData,
      gcTime: 60_000,
    }),
  explanation: (id: string, event: object, document: AutomationDocument) =>
    queryOptions({
      queryKey: ['explanation', id, event, document.trigger ?? null, document.conditions ?? null],
      queryFn: () => api.explain(id, event, document),
      retry: false,
      placeholderData: keepPreviousData,
      gcTime: 60_000,
    }),
  me: () => queryOptions({ queryKey: ['me'], queryFn: api.me, staleTime: Number.POSITIVE_INFINITY }),
}

/**
 * How often to look at runs again though the stream is silent: one under way changes within moments, and the stream
 * may have been opened after its last change.
 */
function pace(runs: readonly Run[] | undefined): number | false {
  const isUnderWay = runs?.some((run) => run.status === 'running' && !run.waiting) ?? false
  return isUnderWay ? 3_000 : false
}
