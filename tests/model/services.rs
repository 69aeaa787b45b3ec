//! Services, which are what all else is under.

use crate::clock::DELETED_SERVICE;
use crate::compare::Same;
use crate::contract::{Contract, Service};
use crate::history::Which;
use crate::refusal::{Refusal, not_found};
use crate::run::Run;

impl Contract {
    pub fn delete_service(&mut self, service: usize) -> Result<(), Refusal> {
        self.admit_account()?;
        self.service((service, ""))?;
        self.services[service].deleted = Some(self.now);
        Ok(())
    }

    /// What is answered where no operation is: at a path that is there, or isn't.
    pub fn no_operation(&self, is_path: bool) -> Result<(), Refusal> {
        self.admit_account()?;
        Err(if is_path {
            Refusal::new(405, 20004)
        } else {
            not_found()
        })
    }
}

impl Run<'_> {
    pub async fn create_services(&mut self) {
        for (form, issuer, time_step, skew, code_length) in [
            ("FriendlyName=Owl+Bank", "Owl Bank", 30, 1, 6),
            (
                "FriendlyName=b&Totp.Issuer=Nest+%26+Co&Totp.TimeStep=45&Totp.Skew=2&Totp.CodeLength=5",
                "Nest & Co",
                45,
                2,
                5,
            ),
        ] {
            let answer = self.call("POST", "/v2/Services", None, form).await;
            self.contract.services.push(Service {
                sid: answer.text("sid"),
                issuer,
                time_step,
                skew,
                code_length,
                deleted: None,
            });
        }
    }

    /// Deletes a Service, and waits until every instance knows.
    pub async fn delete_service(&mut self, service: usize) -> Same {
        let path = self.contract.service_path(service);
        let answer = self.call("DELETE", &path, None, "").await;
        let expected = self.contract.delete_service(service);
        let is_deleted = expected.is_ok();
        self.compare(&answer, expected, 204)?;
        if is_deleted {
            self.contract.now += DELETED_SERVICE;
        }
        Ok(())
    }

    /// A request that no operation is for.
    pub async fn go_astray(&mut self, which: Which, method: &str, rest: &str) -> Same {
        let (place, sid) = self.pick(which);
        let path = format!("{}/{sid}{rest}", self.contract.factors_path(place));
        let answer = self.call(method, &path, None, "").await;
        self.compare(&answer, self.contract.no_operation(rest.is_empty()), 200)
    }
}
