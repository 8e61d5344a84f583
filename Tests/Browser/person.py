"""Somebody who uses the installation: by the API, and in a browser of their own."""

from witness import Witness


class Person:
    def __init__(self, browser, url, email, password):
        self.email = email
        self.password = password
        self.url = url
        self._browser = browser
        self._context = None
        self._token = None
        self._calls = browser.new_context().request

    def sign_in(self):
        """The answer; its token is used from then on."""
        answer = self.post("/auth/login", {"email": self.email, "password": self.password})
        self._token = answer.json()["access_token"] if answer.ok else None
        return answer

    def post(self, path, body):
        """Calls the API as nobody."""
        return self._calls.post(f"{self.url}/api/v1{path}", data=body)

    def call(self, method, path, body=None):
        """Calls the API as this person, with a new token when the last one has ended."""
        for _ in range(2):
            if self._token:
                headers = {"authorization": f"Bearer {self._token}"}
                options = {"method": method, "headers": headers, "data": body}
                answer = self._calls.fetch(f"{self.url}/api/v1{path}", **options)
                if answer.status != 401:
                    return answer
            self.sign_in()
        raise AssertionError(f"{self.email} cannot sign in")

    def get(self, path):
        answer = self.call("GET", path)
        assert answer.ok, f"{path}: {answer.status} {answer.text()}"
        return answer.json()

    def open(self, address):
        """A page in a browser that knows nothing of any other."""
        self._context = self._browser.new_context(viewport={"width": 1440, "height": 900})
        page = self._context.new_page()
        self.witness = Witness(page, self.url)
        page.goto(address)
        return page

    def close(self):
        if self._context:
            self._context.close()
        self._context = None
