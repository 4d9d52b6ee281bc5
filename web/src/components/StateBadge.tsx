/** A state as a word with a shape and a colour; the colour alone never tells it. */
import {
  IconArchive,
  IconBan,
  IconCheck,
  IconCircleDashed,
  IconFlask,
  IconHourglass,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerTrackNext,
  IconProgress,
  IconX,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import './state.css'

const STATES: Record<string, { word: string; icon: ReactNode }> = {
  pending: { word: 'Not reached yet', icon: <IconCircleDashed aria-hidden /> },
  running: { word: 'Running', icon: <IconProgress aria-hidden /> },
  waiting: { word: 'Waiting', icon: <IconHourglass aria-hidden /> },
  completed: { word: 'Completed', icon: <IconCheck aria-hidden /> },
  failed: { word: 'Failed', icon: <IconX aria-hidden /> },
  cancelled: { word: 'Cancelled', icon: <IconBan aria-hidden /> },
  not_reached: { word: 'Not reached', icon: <IconCircleDashed aria-hidden /> },
  skipped: { word: 'Skipped', icon: <IconPlayerTrackNext aria-hidden /> },
  draft: { word: 'Draft', icon: <IconCircleDashed aria-hidden /> },
  active: { word: 'Active', icon: <IconPlayerPlay aria-hidden /> },
  paused: { word: 'Paused', icon: <IconPlayerPause aria-hidden /> },
  archived: { word: 'Archived', icon: <IconArchive aria-hidden /> },
  dry: { word: 'Dry run', icon: <IconFlask aria-hidden /> },
}

export function StateBadge({ state, word }: { state: string; word?: string }) {
  const known = STATES[state]
  return (
    <span className="state" data-light={state}>
      {known?.icon}
      {word ?? known?.word ?? state}
    </span>
  )
}

export const stateWord = (state: string): string => STATES[state]?.word ?? state
