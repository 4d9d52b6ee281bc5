import { describe, expect, it } from 'vitest'
import { actConsequences, actWords, countStatuses, fitFor, type MassAct } from './acts'

const act = (more: Partial<MassAct>): MassAct => ({
  id: 'a',
  act: 'cancel',
  status: 'under_way',
  total: 12,
  done: 7,
  failed: 0,
  errors: [],
  ...more,
})

describe('acts on many runs', () => {
  it('are for the runs that they can do something with', () => {
    const counts = countStatuses(['running', 'failed', 'running', 'completed', 'cancelled'])
    expect(fitFor('cancel', counts)).toBe(2)
    expect(fitFor('rerun', counts)).toBe(3)
    expect(fitFor('cancel', {})).toBe(0)
  })

  it('say before how many runs they touch, and what becomes of the others', () => {
    expect(actConsequences('cancel', 3, 3).join(' ')).toContain('3 runs that are under way end')
    expect(actConsequences('cancel', 3, 3)).toHaveLength(3)
    expect(actConsequences('cancel', 1, 2).at(-1)).toBe(
      'The other one that is selected has ended, and stays so.',
    )
    expect(actConsequences('rerun', 1200, 1203).at(-1)).toBe(
      'The other 3 that are selected are under way, and are left alone.',
    )
    expect(actConsequences('rerun', 1200, 1203)[0]).toContain('1,200 new runs begin')
  })

  it('say how far they are, and what they came to', () => {
    expect(actWords(act({}))).toBe('Cancelling 12 runs: 7 done')
    expect(actWords(act({ failed: 1 }))).toBe('Cancelling 12 runs: 7 done, 1 failed')
    expect(actWords(act({ status: 'ended', done: 12 }))).toBe('12 runs cancelled')
    expect(actWords(act({ act: 'rerun', status: 'ended', total: 1, done: 1 }))).toBe('1 run begun again')
    expect(actWords(act({ act: 'rerun', status: 'ended', done: 11, failed: 1 }))).toBe(
      '11 of 12 runs begun again, 1 failed',
    )
    expect(actWords(act({ status: 'ended', total: 0, done: 0 }))).toBe('No run was left to act on')
  })
})
