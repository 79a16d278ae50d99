//! What enters: bad input is refused by a typed error that does not repeat it (B-24), and what is
//! personal shows in no `Debug`.
//!
//! The inputs are those that the seed systems accepted, and their neighbours.
//! What the rules say about stored values is in `guardados`.

use ingesta_domain::ingesta::{
    AlertarIngesta, CrearIngesta, Ingesta, IngestaCommand, IngestaError, RevertirIngesta, decide,
};
use ingesta_domain::valor::{
    EstadoImagen, EstadoIngesta, HechosDeclarados, HechosRecibidos, IdIngesta, IdPaciente,
    IdProveedor, Motivo, MotivoRechazo, UrlPath, ValorError,
};

use crate::muestra;

#[test]
fn b_24_ids_that_are_no_uuid_are_refused_and_not_repeated() {
    for malo in [
        "",
        "None",
        "42",
        "1d670540-715a-5ee7-a1cb-54517d9d9cc",
        "zz670540",
    ] {
        let errores = [
            malo.parse::<IdIngesta>().unwrap_err(),
            malo.parse::<IdProveedor>().unwrap_err(),
            malo.parse::<IdPaciente>().unwrap_err(),
        ];
        for (error, campo) in errores
            .iter()
            .zip(["id_ingesta", "id_proveedor", "id_paciente"])
        {
            assert_eq!(error, &ValorError::IdInvalido { campo });
            assert_eq!(error.to_string(), format!("{campo} debe ser un uuid"));
        }
    }
}

#[test]
fn b_24_addresses_that_are_no_http_address_are_refused_with_the_known_sentence() {
    let largo = format!("https://h/{}", "a".repeat(1_000_000));
    let justo = format!("https://h/{}", "a".repeat(2_048 - "https://h/".len()));
    let uno_mas = format!("{justo}a");
    #[rustfmt::skip]
    let malas = [
        "", " ", "http", "http:", "http:/", "http://", "https://", "http:///", "http:///host/a",
        "http:host", "ftp://x", "file:///etc/passwd", "javascript:alert(1)", "//host/a", "host/a",
        "http://?a", "http://#a", "http://:80/a", "http://user@host/a", "http://user:clave@host/a",
        "http://@host/a", "http://ho st/a", "http://host/a b", "http://host/a\n", "\thttp://host/a",
        "http://host/\u{0}", "http://host/\u{a0}", "http://host\\a", "http://host:99999/a",
        "http://[::1/a", "http://a..b%/x", &largo, &uno_mas,
    ];
    for mala in malas {
        let error = UrlPath::parse(mala).expect_err(mala);
        assert_eq!(error, ValorError::UrlInvalida);
        assert_eq!(
            error.to_string(),
            "URLValida - La ruta de la imagen debe ser valida"
        );
        assert_eq!((error.code(), error.campo()), ("url_invalida", "url_path"));
    }
    #[rustfmt::skip]
    let buenas = [
        "http://h", "HTTPS://H/a", "http://10.0.0.1:8080/a?b=c#d", "http://[::1]/a",
        "https://imágenes.example.org/ñ.dcm", "https://h/a@b", "https://h?correo=a@b", &justo,
    ];
    for buena in buenas {
        assert_eq!(
            UrlPath::parse(buena).expect(buena).as_str(),
            buena,
            "kept as given"
        );
    }
}

#[test]
fn b_24_an_unchecked_value_does_not_get_past_decide() {
    let sin_mirar: UrlPath = serde_json::from_str("\"http\"").unwrap();
    let crear = CrearIngesta {
        url_path: sin_mirar,
        ..muestra::crear()
    };
    let error = decide(&Ingesta::default(), crear.into()).unwrap_err();
    assert_eq!(error, IngestaError::Valor(ValorError::UrlInvalida));
    assert_eq!(
        error.to_string(),
        "URLValida - La ruta de la imagen debe ser valida"
    );

    let hechos = serde_json::from_value(serde_json::json!({ "modalidad": "M".repeat(257) }));
    let crear = CrearIngesta {
        hechos: hechos.unwrap(),
        ..muestra::crear()
    };
    let error = decide(&Ingesta::default(), crear.into()).unwrap_err();
    assert_eq!((error.code(), error.estado()), ("hecho_invalido", None));

    let motivo: Motivo = serde_json::from_str("\"\"").unwrap();
    let pendiente = muestra::en_estado(Some(EstadoIngesta::Pendiente));
    let fecha = muestra::fecha();
    for comando in [
        IngestaCommand::from(RevertirIngesta {
            motivo: motivo.clone(),
            fecha,
        }),
        AlertarIngesta { motivo, fecha }.into(),
    ] {
        assert_eq!(
            decide(&pendiente, comando).unwrap_err().code(),
            "motivo_invalido"
        );
    }
}

#[test]
fn b_24_declared_facts_are_bounded_and_empty_means_absent() {
    let vacios = HechosRecibidos {
        sha256: Some(String::new()),
        bytes: None,
        modalidad: Some(String::new()),
        study_instance_uid: Some(String::new()),
        series_instance_uid: Some(String::new()),
        sop_instance_uid: Some(String::new()),
    };
    assert_eq!(
        HechosDeclarados::try_from(vacios),
        Ok(HechosDeclarados::default())
    );

    let con = |texto: String| {
        HechosDeclarados::try_from(HechosRecibidos {
            series_instance_uid: Some(texto),
            ..HechosRecibidos::default()
        })
    };
    assert!(con("ñ".repeat(256)).is_ok(), "the bound counts characters");
    for malo in ["ñ".repeat(257), "1".repeat(2_000), "1.2\u{0}".to_owned()] {
        let error = con(malo).unwrap_err();
        assert_eq!(
            (error.code(), error.campo()),
            ("hecho_invalido", "series_instance_uid")
        );
    }
}

#[test]
fn b_24_a_reason_is_bounded() {
    for bueno in [
        "x".to_owned(),
        "ñ".repeat(500),
        "una línea\ny otra".to_owned(),
    ] {
        assert_eq!(Motivo::new(bueno.clone()).unwrap().as_str(), bueno);
    }
    for malo in [
        String::new(),
        " \n".to_owned(),
        "ñ".repeat(501),
        "a\u{0}".to_owned(),
    ] {
        let error = Motivo::new(malo).unwrap_err();
        assert_eq!(error.to_string(), error.to_string().trim_end_matches('.'));
        assert_eq!(error.code(), "motivo_invalido");
    }
}

#[test]
fn nothing_personal_shows_in_debug_or_in_an_error() {
    let secretos = [
        muestra::PACIENTE,
        muestra::URL,
        muestra::MOTIVO,
        "1.3.46.670589",
        "65bee869",
    ];
    let mut textos = vec![format!("{:?}", muestra::recibidos())];
    textos.extend(muestra::comandos().iter().map(|c| format!("{c:?}")));
    textos.extend(muestra::eventos().iter().map(|e| format!("{e:?}")));
    textos.extend(muestra::eventos_imagen().iter().map(|e| format!("{e:?}")));
    for estado in EstadoIngesta::TODOS {
        textos.push(format!("{:?}", muestra::en_estado(Some(estado))));
    }
    for texto in textos {
        for secreto in secretos {
            assert!(!texto.contains(secreto), "{secreto} shows in {texto}");
        }
    }
}

#[test]
fn a_repeated_wish_has_the_same_fingerprint_whenever_it_arrives() {
    let ahora = IngestaCommand::from(muestra::crear());
    let despues = CrearIngesta {
        fecha: "2031-01-01T00:00:00Z".parse().unwrap(),
        ..muestra::crear()
    };
    let forma = |c: &IngestaCommand| serde_json::to_string(c).unwrap();
    assert_eq!(forma(&ahora), forma(&despues.into()));
    assert!(
        !muestra::comandos()
            .iter()
            .any(|c| forma(c).contains("fecha"))
    );

    let otra = CrearIngesta {
        url_path: UrlPath::parse("https://h").unwrap(),
        ..muestra::crear()
    };
    assert_ne!(forma(&ahora), forma(&otra.into()));
}

#[test]
fn words_of_states_and_reasons_are_the_same_in_json_in_display_and_in_parsing() {
    for estado in EstadoIngesta::TODOS {
        assert_eq!(serde_json::to_value(estado).unwrap(), estado.to_string());
        assert_eq!(estado.to_string().parse(), Ok(estado));
    }
    for estado in EstadoImagen::TODOS {
        assert_eq!(serde_json::to_value(estado).unwrap(), estado.to_string());
        assert_eq!(estado.to_string().parse(), Ok(estado));
    }
    for motivo in MotivoRechazo::TODOS {
        assert_eq!(serde_json::to_value(motivo).unwrap(), motivo.code());
        assert_eq!(motivo.code().parse(), Ok(motivo));
    }
    assert_eq!(
        "creada".parse::<EstadoIngesta>(),
        Err(ValorError::EstadoDesconocido)
    );
    assert_eq!(
        "Verificada".parse::<EstadoImagen>(),
        Err(ValorError::EstadoDesconocido)
    );
    assert_eq!(
        "otro".parse::<MotivoRechazo>(),
        Err(ValorError::MotivoRechazoDesconocido)
    );
}
