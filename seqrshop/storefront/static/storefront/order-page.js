// The order page: choose, order, wait, pay.

import { holdFocus } from "./focus.js";
import { keepFresh } from "./menu-refresh.js";
import { takeAlong } from "./language-links.js";
import { Menu } from "./menu.js";
import { Panel } from "./order-view.js";
import { Problems } from "./form-errors.js";
import { Refused } from "./api-client.js";
import { Visit, notice, say, show } from "./session.js";

const PAID_NOTHING = ["canceled", "failed", "expired"];

const { ordersUrl } = document.querySelector("#main").dataset;
const visit = new Visit();
const menu = new Menu(submit, askAgain);
const panel = new Panel(visit, backToMenu);
const problems = new Problems();
let session = null;
let submitting = false;

takeAlong(() => ({
  token: visit.shop.token,
  reference: panel.reference,
  chosen: menu.chosen,
}));

visit.begin((opened, { reference, chosen }) => {
  session = opened;
  panel.stop();
  if (chosen) menu.chosen = chosen;
  menu.fill(session);
  const shown = chosen && reference ? session.latest_order : null; // before the language changed
  const order = session.order ?? shown;
  if (order) panel.follow(order);
  else show("menu");
});

const isChoosing = () => !submitting && !document.querySelector("#menu").hidden;

keepFresh({
  isShown: isChoosing,
  isClosed: () => Boolean(session?.closed),
  ask: askAgain,
});

/** What came to nothing can be ordered anew or changed; after a paid order one starts over. */
function backToMenu(state) {
  if (!PAID_NOTHING.includes(state)) menu.clear();
  menu.fill(session);
  notice("");
  show("menu");
}

async function submit(order) {
  if (submitting) return;
  problems.clear();
  if (order.rows.length === 0) {
    problems.tell(say("chooseFirst"));
    return;
  }
  const giveBack = holdFocus(document.querySelector("#menu"));
  submitting = true;
  menu.busy = true;
  try {
    await visit.guard(async () => {
      const made = await visit.shop.askUntilAnswered("POST", ordersUrl, order, notice);
      menu.renewNonce();
      panel.follow(made, { opensApp: true });
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await explain(error, order);
  } finally {
    submitting = false;
    menu.busy = false;
    giveBack();
  }
}

/** Shows why there is no new order: another is open, the menu has changed, or no order is taken. */
async function explain({ body }, order) {
  if (body.order) {
    panel.follow(body.order);
    notice(body.message);
    return;
  }
  const pricesSeen = menu.prices;
  await refill();
  if (body.error !== "closed") problems.explain(body, order, pricesSeen); // else the menu says it
}

/** Finds out whether orders are taken again. An order made in another tab meanwhile is shown. */
async function askAgain() {
  await refill();
  if (session.order && isChoosing()) panel.follow(session.order);
}

function refill() {
  return visit.guard(async () => {
    session = await visit.renew();
    menu.fill(session);
  });
}
