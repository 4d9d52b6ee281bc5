import { describe, expect, it } from 'vitest'
import { differencesOf } from './differences'
import type { AutomationDocument, Json } from './document'
import { plain } from './phrase'
import { type Run, runPhrase } from './runs'
import { actionPhrase, automationSentence, eventPhrase, eventsPhrase, triggerPhrase } from './sentences'

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
    const turned = { ...example, actions: [...example.actions].reverse() }
    expect(differencesOf(example, turned).map(plain)).toEqual(['The order of the actions is changed'])
  })
})
