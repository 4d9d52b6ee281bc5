/** Says that somebody else saved the draft meanwhile, and lets the person choose which of the two stays. */
import { Button } from '@mantine/core'
import { IconArrowsSplit } from '@tabler/icons-react'
import type { Held } from '../api/client'
import type { Builder } from './useBuilder'

export function StaleBar({ builder, theirs }: { builder: Builder; theirs: Held }) {
  return (
    <div className="stale" role="alert">
      <IconArrowsSplit size={18} aria-hidden />
      <span className="stale-words">
        This automation was changed elsewhere since you opened it. What you change here is not saved until you
        choose.
      </span>
      <Button size="xs" variant="default" onClick={() => builder.takeTheirs(theirs)}>
        Show what is saved
      </Button>
      <Button size="xs" variant="default" onClick={() => builder.keepMine(theirs)}>
        Save mine over it
      </Button>
    </div>
  )
}
