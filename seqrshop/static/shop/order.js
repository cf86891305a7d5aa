// The order page: choose, order, wait, pay.

import { Menu } from "./menu.js";
import { Panel } from "./panel.js";
import { Refused } from "./shop.js";
import { Visit, notice, show } from "./visit.js";

const PAID_NOTHING = ["canceled", "failed", "expired"];

const { ordersUrl } = document.querySelector("#main").dataset;
const visit = new Visit();
const menu = new Menu(submit, askAgain);
const panel = new Panel(visit, backToMenu);
let session = null;
let submitting = false;

visit.begin((opened) => {
  session = opened;
  panel.stop();
  menu.fill(session);
  if (session.order) panel.follow(session.order);
  else show("menu");
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
    await explain(error);
  } finally {
    submitting = false;
    menu.busy = false;
  }
}

/** Shows why there is no new order: another is open, the menu has changed, or no order is taken. */
async function explain({ body }) {
  if (body.order) panel.follow(body.order);
  else await refill();
  if (body.error !== "closed") notice(body.message); // else the menu says it
}

/** Finds out whether orders are taken again. An order made in another tab meanwhile is shown. */
async function askAgain() {
  await refill();
  if (session.order) panel.follow(session.order);
}

function refill() {
  return visit.guard(async () => {
    session = await visit.renew();
    menu.fill(session);
  });
}
