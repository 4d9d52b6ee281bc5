import { describe, expect, it } from 'vitest'
import { differencesOf } from './differences'
import type { AutomationDocument, Json } from './document'
import { plain } from './phrase'
import {
  itemWords,
  lightsOf,
  progressOf,
  type Run,
  runPhrase,
  type Step,
  type StepStatus,
  takenEdges,
  topOf,
  waitingPhrase,
} from './runs'
import {
  actionPhrase,
  automationSentence,
  eventPhrase,
  eventsPhrase,
  triggerPhrase,
  whenPhrase,
} from './sentences'

const example: AutomationDocument = {
  name: 'Auto-assign high-priority cases',
  trigger: { event: 'case.created', conditions: { priority: 'critical' } },
  actions: [
    { id: 'assign', type: 'assign_to_queue', params: { queue_id: 'Tier 2' } },
    { id: 'tell', type: 'send_notification', params: { channel: 'slack', message: 'Critical case created' } },
  ],
}

describe('sentences', () => {
  it('say what starts an automation', () => {
    expect(plain(triggerPhrase(example))).toBe('When a case is created and priority is critical')
    expect(eventPhrase('opportunity.stage_changed')).toBe('an opportunity’s stage is changed')
    expect(eventPhrase('opportunity.won')).toBe('an opportunity is won')
    expect(eventPhrase('ping')).toBe('“ping” happens')
    expect(plain(triggerPhrase({}))).toContain('nothing is chosen yet')
  })

  it('say every operator, and groups within groups', () => {
    const said = (conditions: Json, event: string | string[] = 'case.created') =>
      plain(triggerPhrase({ trigger: { event, conditions } }))
    expect(
      said({
        priority: 'critical',
        amount: { gte: 10000 },
        any: [{ source: 'web' }, { source: { exists: false } }],
      }),
    ).toBe(
      'When a case is created and priority is critical, amount is at least 10,000 and any of (source is web, source has no value)',
    )
    expect(said({ not: { 'account.type': 'partner' } })).toContain('and none of (account type is partner)')
    expect(said({ not: { a: 1, b: 2 } })).toContain('none of (all of (a is 1, b is 2))')
    expect(said({ owner: null, region: ['EMEA', 'APAC'] })).toContain(
      'owner has no value and region is one of EMEA, APAC',
    )
    expect(
      said({ stage: { changed_to: 'won' }, due: { within_next: '2h' }, at: { older_than: '1d' } }),
    ).toContain('stage changed to won, due is within the next 2 hours and at is older than 1 day')
    expect(said({ due: { gt: '2026-01-01' }, name: { starts_with: 'a', ignore_case: true } })).toContain(
      'due is after 2026-01-01 and name starts with a, in any case of letters',
    )
    expect(said({ tags: { is_empty: false }, stage: { changed: true } })).toContain(
      'tags is not empty and stage changed',
    )
  })

  it('say several events and patterns', () => {
    expect(eventsPhrase(['case.created', 'case.escalated'])).toBe('a case is created or escalated')
    expect(eventsPhrase(['case.created', 'opportunity.stage_changed', 'ping'])).toBe(
      'a case is created, an opportunity’s stage is changed or “ping” happens',
    )
    expect(eventsPhrase(['case.*'])).toBe('anything happens to a case')
    expect(eventsPhrase(['*'])).toBe('anything happens')
    expect(eventsPhrase(['a.won', 'b.won', 'c.won', 'd.won', 'e.won'])).toBe(
      'an a is won, a b is won, a c is won or one of 2 other events happens',
    )
    expect(plain(triggerPhrase({ trigger: { event: ['case.created', 'case.closed'] } }))).toBe(
      'When a case is created or closed',
    )
  })

  it('say what an automation does', () => {
    expect(automationSentence(example)).toBe(
      'When a case is created and priority is critical: assign to queue Tier 2, then send to Slack: “Critical case created”',
    )
    expect(automationSentence({ ...example, actions: [] })).toContain('nothing yet')
  })

  it('say what an action does though it is not filled in, or of a type nobody knows', () => {
    expect(plain(actionPhrase({ type: 'send_email', params: {} }))).toBe('Email somebody')
    expect(plain(actionPhrase({ type: 'update_field', params: { field: 'tier', value: 2 } }))).toBe(
      'Set tier to 2',
    )
    expect(plain(actionPhrase({ type: 'fly_to_moon', params: {} }))).toBe('Fly to moon')
  })

  it('say what steers a run', () => {
    const said = (action: object) => plain(actionPhrase({ type: '', params: {}, ...action }))
    const branches = [{ name: 'Large', when: {} }, { when: { amount: { gte: 5 } } }, { when: {} }]
    expect(said({ type: 'branch', branches })).toBe(
      'Go on by Large, amount is at least 5, always or otherwise',
    )
    expect(said({ type: 'branch' })).toBe('Go on by a condition')
    expect(said({ type: 'delay', params: { for: '3d' } })).toBe('Wait 3 days')
    expect(said({ type: 'delay', params: { until: '{{ record.renewal_date }}' } })).toBe(
      'Wait until renewal date',
    )
    expect(said({ type: 'set', params: { values: { region: 1, owner_name: 2 } } })).toBe(
      'Remember region and owner name',
    )
    expect(said({ type: 'stop', params: { reason: 'too small' } })).toBe(
      'End the run as completed: too small',
    )
    const two = [example.actions[0], example.actions[1]]
    expect(said({ type: 'for_each', items: 'record.contacts', actions: two })).toBe(
      'For each of contacts: 2 actions',
    )
    expect(plain(whenPhrase({ type: 'stop', when: { size: 'small' } }) ?? [])).toBe('Only if size is small')
    expect(whenPhrase({ type: 'stop', when: {} })).toBeNull()
  })

  it('say how far a loop came, and what a run waits for', () => {
    const step = (path: string, status: StepStatus, more: Partial<Step> = {}): Step => ({
      id: path.replace(/^.*\./, ''),
      path,
      type: 'notify_user',
      status,
      attempts: 1,
      ...more,
    })
    const loop = step('each', 'running', { type: 'for_each', input: { items: [1, 2, 3] } })
    const steps = [loop, step('each[0].tell', 'completed'), step('each[1].tell', 'running')]
    expect(progressOf(steps).get('each')).toBe('1 of 3 items')
    expect(lightsOf({ status: 'running', steps })('each')).toBe('running')
    expect(lightsOf({ status: 'running', steps })('later')).toBe('pending')
    expect(lightsOf({ status: 'failed', steps })('later')).toBe('not_reached')
    expect(itemWords('each[1].tell')).toBe('item 2')
    expect(topOf({ path: 'each[1].tell' })).toBe('each')
    const skipped = step('left', 'skipped', { reason: 'path_not_taken' })
    expect(lightsOf({ status: 'running', steps: [skipped] })('left')).toBe('not_reached')
    const now = Date.parse('2026-05-01T12:00:00Z')
    const waiting = {
      for: 'time',
      path: 'wait',
      since: '2026-05-01T11:00:00Z',
      due_at: '2026-05-02T11:00:00Z',
    }
    const run = { waiting, steps: [step('wait', 'waiting', { type: 'delay', name: 'Cool down' })] }
    expect(plain(waitingPhrase(run, now))).toMatch(/^Waiting until .* at Cool down, since /)
  })

  it('know the edges that a run went along', () => {
    const step = (path: string, status: StepStatus, more: Partial<Step> = {}): Step => ({
      id: path,
      path,
      type: '',
      status,
      attempts: 1,
      ...more,
    })
    const actions = [
      { id: 'way', type: 'branch', params: {}, branches: [{ when: {}, next: 'a' }], otherwise: 'b' },
      { id: 'a', type: 'send_email', params: {}, on_error: { next: 'b' }, next: 'c' },
      { id: 'b', type: 'send_email', params: {}, next: 'c' },
      { id: 'c', type: 'send_email', params: {} },
    ]
    const went = (...steps: Step[]) => [...takenEdges({ name: '', actions }, steps)]
    const way = (entry: number | null) => step('way', 'completed', { output: { entry } })
    const start = '$trigger>way:start0'
    expect(went(way(1), step('a', 'failed'), step('b', 'completed'), step('c', 'running'))).toEqual([
      start,
      'way>a:branch0',
      'a>b:error0',
      'b>c:next0',
    ])
    const left = step('a', 'skipped', { reason: 'path_not_taken' })
    expect(went(way(null), left)).toEqual([start, 'way>b:otherwise0'])
  })

  it('say what became of a run', () => {
    const now = Date.parse('2026-05-01T12:00:00Z')
    const run: Run = {
      id: '1',
      automation_id: 'a',
      version: 1,
      status: 'failed',
      dry_run: false,
      trigger: {},
      started_at: '2026-05-01T11:59:00Z',
      steps: [
        {
          id: 'mail',
          path: 'mail',
          type: 'send_email',
          status: 'failed',
          attempts: 3,
          error: { message: 'mailbox refused' },
        },
      ],
    }
    expect(plain(runPhrase(run, now))).toBe('Failed at Send email after 3 attempts: mailbox refused')
    const waiting: Run = {
      ...run,
      status: 'running',
      dry_run: true,
      waiting: { for: 'task', path: 'mail', since: run.started_at },
    }
    expect(plain(runPhrase(waiting, now))).toMatch(
      /^Dry run: waiting for somebody to complete Send email, since /,
    )
  })

  it('say what changed', () => {
    const changed: AutomationDocument = {
      ...example,
      trigger: { event: 'case.created', conditions: { priority: 'high', region: 'EMEA' } },
      actions: [{ id: 'assign', type: 'assign_to_queue', params: { queue_id: 'Tier 3' } }],
    }
    expect(differencesOf(example, changed).map(plain)).toEqual([
      'priority is critical → is high',
      'Only if region is EMEA',
      'Removed Send notification',
      'Assign to queue: queue id Tier 2 → Tier 3',
    ])
    expect(differencesOf(example, structuredClone(example))).toEqual([])
    const wider = {
      ...example,
      trigger: { event: ['case.created', 'case.closed'], conditions: { amount: { gte: 1 } } },
    }
    expect(differencesOf(example, wider).map(plain)).toEqual([
      'Starts when a case is created or closed instead of when a case is created',
      'No longer asks that priority is critical',
      'Only if amount is at least 1',
    ])
    const branch = {
      id: 'way',
      type: 'branch',
      params: {},
      branches: [{ name: 'A', when: {}, next: 'tell' }],
    }
    const one = { ...example, actions: [branch, ...example.actions], timeout: '3d' }
    const ways = [{ name: 'B', when: {}, next: 'tell' }]
    const other = {
      ...one,
      actions: [
        { ...branch, branches: ways, otherwise: 'assign' },
        { ...example.actions[0], on_error: 'continue', when: { a: 1 } },
        example.actions[1],
      ] as typeof example.actions,
    }
    expect(differencesOf(example, one).map(plain)).toContain('The time for a whole run nothing → 3d')
    expect(differencesOf(one, other).map(plain)).toEqual([
      'Branch: its ways A → B',
      'Assign to queue: only if nothing → a is 1',
      'Assign to queue: a failure fails the run → goes on',
      'The paths between the actions are changed',
    ])
    const turned = { ...example, actions: [...example.actions].reverse() }
    expect(differencesOf(example, turned).map(plain)).toEqual(['The order of the actions is changed'])
  })
})
