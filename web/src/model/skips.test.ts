import { describe, expect, it } from 'vitest'
import { isStartable, reasonWord, startCount, whySkipped } from './skips'

const skipped = { run_id: 'r', reason: 'paused', at: '2026-05-01T12:00:00Z' }

describe('skipped starts', () => {
  it('can be started while they wait for it, live, and a pause skipped them', () => {
    expect(isStartable(skipped)).toBe(true)
    expect(isStartable({ ...skipped, started_run_id: 'x' })).toBe(false)
    expect(isStartable({ ...skipped, dry_run: true })).toBe(false)
    expect(isStartable({ ...skipped, reason: 'loop_guard' })).toBe(false)
  })

  it('say why, in words', () => {
    expect(reasonWord('loop_guard')).toBe('Loop guard')
    expect(reasonWord('something_new')).toBe('Something new')
    expect(whySkipped({ ...skipped, sentence: 'The automation was paused.' })).toBe(
      'The automation was paused.',
    )
    expect(whySkipped({ ...skipped, sentence: 'It was refused.', detail: 'ran 10 times' })).toBe(
      'It was refused. Ran 10 times.',
    )
    expect(whySkipped({ ...skipped, detail: 'odd' })).toBe('Odd.')
    expect(whySkipped(skipped)).toBe('Paused.')
    expect(startCount(1)).toBe('1 start')
    expect(startCount(1200)).toBe('1,200 starts')
  })
})
