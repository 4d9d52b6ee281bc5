/** What the API answers, as the pages read it. Runs and steps are the model's own (`model/runs.ts`). */
import type { AutomationDocument, Json, JsonObject } from '../model/document'
import type { SeenField } from '../model/events'
import type { RunStatus } from '../model/runs'

export type AutomationStatus = 'draft' | 'active' | 'paused' | 'archived'

export interface LastRun {
  id: string
  status: RunStatus
  is_waiting?: boolean
  started_at: string
  dry_run: boolean
}

export type Environment = 'live' | 'sandbox'

export interface EnvironmentState {
  version: number
  status: AutomationStatus
  active_since: string | null
}

export interface Automation extends AutomationDocument {
  id: string
  status: AutomationStatus
  version: number | null
  environment: Environment
  environments: { live: EnvironmentState | null; sandbox: EnvironmentState | null }
  draft: { updated_at: string } | null
  created_at: string
  updated_at: string
  /** The change is made, and the stream may not have heard of it yet. */
  activation?: 'pending'
  last_run?: LastRun | null
  runs_7_days?: number
  /** From 0 to 1, of the runs of seven days that ended. */
  success_rate?: number | null
  waiting_runs?: number
  loop_guard?: LoopGuard | null
}

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

export interface Task {
  id: string
  run_id: string
  automation_id: string
  step: string
  status: 'open' | 'completed' | 'withdrawn'
  title: string | null
  instructions: string | null
  assignee: string | null
  groups: string[]
  form: JsonSchema | null
  due_at: string | null
  opened_at: string
  /** Who answered first; not accepted means that the run's word is still out. */
  submitted: { by: string; at: string; accepted: boolean | null } | null
}

export interface ActionEntry {
  type: string
  title: string
  description: string
  waits_for_person?: boolean
  params: JsonSchema
  output?: JsonSchema
  /** The fields that stand beside the parameters, such as `when` and `retry`. */
  fields?: JsonSchema
}

export interface EventType {
  type: string
  /** Whether an automation names it. */
  used: boolean
  /** Whether such an event was seen lately. */
  seen: boolean
  /** How many recent events are kept of it. */
  sampled?: number
  last_at?: string | null
  /** Fields of the kept events, those first that most of them have. */
  fields?: SeenField[]
}

/** A recent event as it is kept. */
export interface Sample {
  event: KeptEvent
  at: string
}

export interface KeptEvent {
  id: string
  type: string
  time?: string | null
  object?: string | null
  record_id?: string | null
  record?: JsonObject | null
  [more: string]: unknown
}

export interface Preview {
  matched: number
  sampled: number
  items: Array<Sample & { holds: boolean }>
}

/** Why an event starts a run of an automation, or does not. */
export interface Explanation {
  starts: boolean
  verdict: string
  sentence: string
  checks: Array<{ check: string; holds: boolean; sentence: string }>
  /** Absent where it did not come to asking them. */
  conditions?: Trace | null
  run?: { id: string; status: string } | null
}

export type Trace = TracedGroup | TracedClause

export interface TracedGroup {
  kind: 'all' | 'any' | 'not'
  pointer: string
  holds: boolean
  parts: Trace[]
}

export interface TracedClause {
  kind: 'clause'
  pointer: string
  path: string
  operator: string
  expected: Json
  expected_type?: string
  actual?: Json
  actual_type?: string
  holds: boolean
  sentence: string
  /** What may surprise. */
  note?: string | null
}

export interface Sandbox {
  active: boolean
  name?: string | null
  since?: string | null
  /** Every automation with a sandbox document, as the sandbox document says. */
  automations: Automation[]
}

export interface Version {
  version: number
  environment: 'live' | 'sandbox'
  created_at: string
  created_by: string
  is_live: boolean
  is_sandbox: boolean
}

/** Why the loop guard refused starts of an automation, until somebody clears it. */
export interface LoopGuard {
  since: string
  last_at: string
  count: number
  detail: string
  /** The runs that led to the latest refusal, from the first one. */
  chain: Array<{ run_id: string; automation_id: string; name: string | null; depth: number }>
}

export interface Me {
  name: string
  tenant_id: string
  role: string
  auth: 'open' | 'required'
}

export interface JsonSchema {
  type?: string | string[]
  title?: string
  description?: string
  format?: string
  enum?: Json[]
  const?: Json
  default?: Json
  examples?: Json[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  $ref?: string
  $defs?: Record<string, JsonSchema>
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  additionalProperties?: boolean | JsonSchema
  [more: string]: unknown
}
