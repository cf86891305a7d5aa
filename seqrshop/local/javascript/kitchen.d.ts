// The kitchen board's JSON, as seqrshop/backoffice/kitchen/board.py writes it.

type Step = "preparing" | "ready" | "served";
type Progress = "paid" | Step;

/** `refunded` counts the units that were refunded. `note` is the customer's, or empty. */
interface BoardRow {
  quantity: number;
  refunded: number;
  name: string;
  category: number | null;
  options: string[];
  note: string;
}

/**
 * `struck_out` says why the order is not to be served, if it is not. `dining` is "Eat here" or "Take
 * away", where the shop asks.
 */
interface BoardCard {
  id: number;
  number: string;
  progress: Progress;
  place: string;
  paid_at: string;
  is_partly_refunded: boolean;
  struck_out: string | null;
  dining: string | null;
  note: string;
  rows: BoardRow[];
}

/** `has_more`: more orders wait than the board has cards. */
interface Board {
  cards: BoardCard[];
  has_more: boolean;
  served: BoardCard[];
  categories: { id: number; name: string }[];
  is_paused: boolean;
  paused_until: string | null;
  amber_minutes: number;
  red_minutes: number;
}
