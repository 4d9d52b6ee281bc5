import { describe, expect, it } from 'vitest'
import { exactClock, exactSpan } from './moments'
import type { Run, Step } from './runs'
import { timeLineOf } from './timeLine'

const START = Date.parse('2026-05-01T12:00:00Z')
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString()
const clock = (seconds: number) => exactClock(START + seconds * 1000)

const step = (more: Partial<Step>): Step => ({
  id: 'call',
  path: 'call',
  type: 'call_webhook',
  status: 'completed',
  attempts: 1,
  started_at: at(0.5),
  ended_at: at(2),
  ...more,
})
const run = (steps: Step[], more: Partial<Run> = {}): Run => ({
  id: 'r',
  automation_id: 'a',
  version: 1,
  status: 'running',
  dry_run: false,
  trigger: {},
  started_at: at(0),
  steps,
  ...more,
})
const refused = { kind: 'refused', message: 'The server is busy.' }
const attempts: Step['attempts_made'] = [
  { number: 1, status: 'failed', started_at: at(0.5), ended_at: at(2), error: refused, next_at: at(12) },
  { number: 2, status: 'completed', started_at: at(12), ended_at: at(15), error: null, next_at: null },
]

describe('the time line', () => {
  it('has a bar for each attempt, and one for each pause between', () => {
    const line = timeLineOf(
      run([step({ attempts: 2, ended_at: at(15), attempts_made: attempts })]),
      START + 20_000,
    )
    expect(line.rows[0]?.bars).toEqual([
      expect.objectContaining({
        kind: 'attempt',
        status: 'failed',
        what: 'Attempt 1 of 2',
        note: 'The server is busy.',
        when: `${exactSpan(START + 500, START + 2_000)}, 1.5 s`,
      }),
      expect.objectContaining({ kind: 'pause', from: START + 2_000, to: START + 12_000, isOpen: false }),
      expect.objectContaining({ kind: 'attempt', status: 'completed', what: 'Attempt 2 of 2', note: null }),
    ])
  })

  it('says when the next attempt is made, while that lies ahead', () => {
    const [first] = attempts
    const ahead = { number: 2, status: 'pending' as const, started_at: null, ended_at: null }
    const made = [first, ahead] as NonNullable<Step['attempts_made']>
    const trying = step({
      status: 'running',
      attempts: 2,
      ended_at: null,
      attempts_made: made,
      error: refused,
    })
    const bars = timeLineOf(run([trying]), START + 5_000).rows[0]?.bars
    expect(bars).toHaveLength(2)
    expect(bars?.[1]).toMatchObject({
      kind: 'pause',
      status: 'waiting',
      isOpen: true,
      to: START + 5_000,
      what: 'Pause before attempt 2',
      note: `It is tried again at ${clock(12)}.`,
    })
  })

  it('names who is waited for, and for how long', () => {
    const task = step({
      type: 'human_task',
      status: 'waiting',
      ended_at: null,
      input: { groups: ['support_leads'] },
    })
    const [bar] = timeLineOf(run([task]), START + 3_661_000).rows[0]?.bars ?? []
    expect(bar).toMatchObject({
      kind: 'person',
      what: 'Waiting for support leads',
      when: `since ${clock(0.5)}, 1 h 1 min so far`,
    })
    const done = timeLineOf(run([step({ type: 'delay' })]), START).rows[0]?.bars[0]
    expect(done).toMatchObject({ kind: 'time', what: 'Waited for the time to pass', isOpen: false })
  })

  it('begins with the wait for its turn, before any step', () => {
    const line = timeLineOf(run([], { waiting: { for: 'turn', since: at(0) } }), START + 4_000)
    expect(line.rows).toEqual([expect.objectContaining({ path: null, name: 'Its turn' })])
    expect(line.rows[0]?.bars[0]).toMatchObject({ kind: 'turn', isOpen: true, to: START + 4_000 })
    expect(line.to).toBe(START + 4_000)
  })

  it('tells of a wait before the first step that is over, and not of a moment', () => {
    const begun = (seconds: number) => run([step({ started_at: at(seconds), ended_at: at(seconds + 1) })])
    const [first] = timeLineOf(begun(5), START + 9_000).rows
    expect(first).toMatchObject({ path: null, name: 'Before the first step' })
    expect(first?.bars[0]).toMatchObject({ kind: 'turn', isOpen: false, what: 'Waited to begin' })
    expect(timeLineOf(begun(0.9), START + 9_000).rows.map(({ path }) => path)).toEqual(['call'])
  })

  it('leaves out what was not reached, and reaches from the start to the end', () => {
    const passed = step({ path: 'other', id: 'other', status: 'skipped', reason: 'path_not_taken' })
    const ahead = step({ path: 'next', id: 'next', status: 'pending', started_at: null, ended_at: null })
    const line = timeLineOf(run([step({}), passed, ahead], { status: 'completed', ended_at: at(9) }), START)
    expect(line.rows.map(({ path }) => path)).toEqual(['call'])
    expect([line.from, line.to]).toEqual([START, START + 9_000])
  })

  it('holds a step whose clock runs before the page’s', () => {
    const late = step({ status: 'running', ended_at: null, started_at: at(10) })
    const line = timeLineOf(run([late]), START)
    expect(line.rows[1]?.bars[0]).toMatchObject({ from: START + 10_000, to: START + 10_000 })
    expect(line.to).toBe(START + 10_000)
  })
})
