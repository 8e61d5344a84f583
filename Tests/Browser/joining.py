"""Joining a team for who signs in first, by a password or by somebody else's word."""

import uuid

from playwright.sync_api import expect

from person import Person
from team import keeps


def invite(world):
    """A link to a team of the installation's that is new."""
    made = world.admin.call("POST", "/tenants", {"name": f"{world.name} {uuid.uuid4().hex[:4]}"}).json()
    return made["tenant"], f"{world.url}/#/join/{made['invitation']['token']}"


def remove(world, team):
    assert world.admin.call("DELETE", f"/tenants/{team['id']}").ok


def signs_in_to_join(world):
    """lets who has an account sign in, and join then"""
    team, link = invite(world)
    person = Person(world.context.browser, world.url, world.member.email, world.member.password)
    page = person.open(link)
    page.get_by_role("button", name="Sign in instead").click()
    expect(page.get_by_role("heading", level=1, name=f"Sign in to join {team['name']}")).to_be_visible()
    world.check(page, "sign in to join")
    page.get_by_role("button", name="Make an account instead").click()
    expect(page.get_by_role("heading", level=1, name=f"Join {team['name']}")).to_be_visible()
    page.get_by_role("button", name="Sign in instead").click()
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text(f"You are signed in as {person.email}")).to_be_visible()
    page.get_by_role("button", name="Join the team").click()
    expect(page.locator(".person")).to_contain_text(f"admin · {team['name']}")
    person.close()
    remove(world, team)


def joins_by_provider(world):
    """lets whom a provider signs in join by the link, with an account and without one"""
    for way, button in ((None, "Join with Test"), ("Sign in instead", "Sign in with Test")):
        team, link = invite(world)
        new = {"email": f"{uuid.uuid4().hex[:8]}@example.org", "password": f"good {uuid.uuid4().hex}"}
        person = Person(world.context.browser, world.url, *new.values())

        def finish(route):
            sent = route.request.post_data_json
            assert sent.keys() == {"code", "state", "flow", "invitation"}, sent
            # The answer to whom the provider knows is that of a sign-up.
            pair = person.post("/auth/signup", {**new, "invitation": sent["invitation"]})
            route.fulfill(status=pair.status, json=pair.json())

        page = person.open(world.url)
        back = {"url": f"{world.url}/auth/callback?code=c&state=s", "flow": "f"}
        page.route("**/auth/providers", lambda route: route.fulfill(json={"providers": [{"name": "Test"}]}))
        page.route("**/auth/provider", lambda route: route.fulfill(json=back))
        page.route("**/auth/provider/finish", finish)
        page.goto(link)
        if way:
            page.get_by_role("button", name=way).click()
        expect(page.get_by_role("button", name=button)).to_be_visible()
        world.check(page, button)
        page.get_by_role("button", name=button).click()
        expect(page.locator(".person")).to_contain_text(f"admin · {team['name']}")
        assert not keeps(page, link), "the token stays"
        person.close()
        remove(world, team)


JOIN_STEPS = [signs_in_to_join, joins_by_provider]
