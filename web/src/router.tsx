/** The pages and their addresses. Each page is loaded when it is first opened. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { AppFrame } from './frame/AppFrame'
import { NotFound } from './frame/NotFound'
import { PageFailed } from './frame/PageFailed'
import type { RunStatus } from './model/runs'

export interface RunSearch {
  status?: RunStatus | 'waiting'
  mode?: 'live' | 'dry'
  /** A record as the API filters by it: its id, or `object/id`. */
  record?: string
  step?: string
  /** The act on many runs whose progress is shown. */
  act?: string
}

export interface SkippedSearch {
  reason?: string
}

const STATUSES = ['running', 'waiting', 'completed', 'failed', 'cancelled']

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

function runSearch(search: Record<string, unknown>): RunSearch {
  const mode = text(search.mode)
  return {
    ...(STATUSES.includes(search.status as never) ? { status: search.status } : {}),
    ...(mode === 'live' || mode === 'dry' ? { mode } : {}),
    ...(text(search.record) ? { record: text(search.record) } : {}),
    ...(text(search.step) ? { step: text(search.step) } : {}),
    ...(text(search.act) ? { act: text(search.act) } : {}),
  } as RunSearch
}

const skippedSearch = (search: Record<string, unknown>): SkippedSearch =>
  text(search.reason) ? { reason: text(search.reason) as string } : {}

const rootRoute = createRootRoute({ component: AppFrame, notFoundComponent: NotFound })

const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/automations', replace: true })
  },
})

const automationsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/automations',
  component: lazyRouteComponent(() => import('./pages/AutomationsPage'), 'AutomationsPage'),
})

const automationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/automations/$automationId',
  component: lazyRouteComponent(() => import('./pages/AutomationPage'), 'AutomationPage'),
})

const automationRunsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/automations/$automationId/runs',
  validateSearch: runSearch,
  component: lazyRouteComponent(() => import('./pages/AutomationRunsPage'), 'AutomationRunsPage'),
})

const automationSkippedRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/automations/$automationId/skipped',
  validateSearch: skippedSearch,
  component: lazyRouteComponent(() => import('./pages/AutomationSkippedPage'), 'AutomationSkippedPage'),
})

const automationVersionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/automations/$automationId/versions',
  component: lazyRouteComponent(() => import('./pages/AutomationVersionsPage'), 'AutomationVersionsPage'),
})

const runsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/runs',
  validateSearch: runSearch,
  component: lazyRouteComponent(() => import('./pages/RunsPage'), 'RunsPage'),
})

const runRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/runs/$runId',
  validateSearch: runSearch,
  component: lazyRouteComponent(() => import('./pages/RunPage'), 'RunPage'),
})

const tasksRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/tasks',
  component: lazyRouteComponent(() => import('./pages/TasksPage'), 'TasksPage'),
})

const taskRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/tasks/$taskId',
  component: lazyRouteComponent(() => import('./pages/TasksPage'), 'TasksPage'),
})

const sandboxRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sandbox',
  component: lazyRouteComponent(() => import('./pages/SandboxPage'), 'SandboxPage'),
})

const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/SettingsPage'), 'SettingsPage'),
})

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    indexRoute,
    automationsRoute,
    automationRoute,
    automationRunsRoute,
    automationSkippedRoute,
    automationVersionsRoute,
    runsRoute,
    runRoute,
    tasksRoute,
    taskRoute,
    sandboxRoute,
    settingsRoute,
  ]),
  defaultPreload: 'intent',
  defaultErrorComponent: PageFailed,
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
