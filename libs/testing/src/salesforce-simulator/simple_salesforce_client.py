"""Drives the Salesforce simulator by simple-salesforce; prints what it saw as JSON."""
import json
import os

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceMalformedRequest


class PlainHttp(HTTPAdapter):
    """The client speaks HTTPS only; the simulator is on loopback without it."""

    def send(self, request, **options):
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **options)


def client(session_id):
    session = requests.Session()
    session.mount("https://", PlainHttp())
    return Salesforce(instance=os.environ["INSTANCE"], session_id=session_id, session=session, version="64.0")


sf = client(os.environ["SESSION_ID"])
seen = {}
everything = sf.query_all("SELECT Id, Name FROM Account ORDER BY SystemModstamp, Id")
seen["accounts"] = [record["Name"] for record in everything["records"]]
seen["with_deleted"] = len(sf.query_all("SELECT Id FROM Account", include_deleted=True)["records"])
seen["fields"] = [field["name"] for field in sf.Ship__c.describe()["fields"]]
made = sf.Ship__c.create({"Name": "Fram", "Draft__c": 5.25})
sf.Ship__c.update(made["id"], {"Draft__c": 4.5})
seen["ship"] = sf.Ship__c.get(made["id"])["Draft__c"]
sf.Ship__c.delete(made["id"])
seen["limit"] = sf.limits()["DailyApiRequests"]["Max"]
try:
    sf.query("SELECT Nope FROM Account")
except SalesforceMalformedRequest as error:
    seen["refused"] = error.content[0]["errorCode"]
try:
    client("ended").query("SELECT Id FROM Account")
except SalesforceExpiredSession as error:
    seen["expired"] = error.content[0]["errorCode"]
print(json.dumps(seen))
