import {
  type Icon,
  IconArrowsSplit2,
  IconBell,
  IconBolt,
  IconBraces,
  IconChecklist,
  IconHandStop,
  IconHourglass,
  IconInbox,
  IconMail,
  IconMessage2,
  IconPencil,
  IconPuzzle,
  IconRepeat,
  IconUserCheck,
  IconWebhook,
} from '@tabler/icons-react'

const ICONS: Record<string, Icon> = {
  send_email: IconMail,
  update_field: IconPencil,
  create_task: IconChecklist,
  assign_to_queue: IconInbox,
  notify_user: IconBell,
  send_notification: IconMessage2,
  call_webhook: IconWebhook,
  human_task: IconUserCheck,
  branch: IconArrowsSplit2,
  for_each: IconRepeat,
  delay: IconHourglass,
  set: IconBraces,
  stop: IconHandStop,
}

export const TriggerIcon = IconBolt

export function ActionIconOf({ type, size = 18 }: { type: string; size?: number }) {
  const Shown = ICONS[type] ?? IconPuzzle
  return <Shown size={size} aria-hidden />
}
